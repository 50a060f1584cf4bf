use vestibule_decider::{DomainEvent, Reservation, Scenario};
use vestibule_kernel::{DirectoryId, DirectoryTokenId};
use vestibule_tenancy::{
    directory::{
        CONNECTION, Command, Configured, Create, Created, Directory, Event, Rejection, RolesFrom, Settings,
        SubjectFrom, TokenAdded, TokenRetired,
    },
    person::{self, Deactivated, Person, Provision, Reactivated, RolesChanged},
};

use crate::{
    property::any_history_holds,
    sample::{
        connection_id, first_seen, note, now, organization_id, other_person_id, person_deactivated, person_id, profile,
        recognise, role, roles_changed, superseded,
    },
};

pub(crate) fn directory_id() -> DirectoryId {
    "01890a5d-ac96-774b-bcce-b302099a8061".parse().unwrap()
}

fn token_id(last: char) -> DirectoryTokenId {
    format!("01890a5d-ac96-774b-bcce-b302099a807{last}").parse().unwrap()
}

fn settings() -> Settings {
    Settings {
        subject: SubjectFrom::ExternalId,
        name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
        roles: RolesFrom::Directory,
    }
}

fn create() -> Create {
    Create {
        directory: directory_id(),
        organization: organization_id(),
        connection: connection_id(),
        settings: settings(),
    }
}

fn created() -> Created {
    let Create { directory, organization, connection, settings } = create();
    Created { directory, organization, connection, settings }
}

fn configured() -> Configured {
    Configured { settings: Settings { roles: RolesFrom::SignIn, ..settings() } }
}

fn added(last: char) -> TokenAdded {
    TokenAdded { token: token_id(last), digest: "ab".repeat(32), at: now() }
}

fn add(last: char) -> Command {
    Command::AddToken { token: token_id(last), digest: "ab".repeat(32), at: now() }
}

fn retire(last: char) -> Command {
    Command::RetireToken { token: token_id(last) }
}

pub(crate) fn events() -> Vec<Event> {
    vec![created().into(), configured().into(), added('1').into(), TokenRetired { token: token_id('1') }.into()]
}

#[test]
fn a_connection_has_one_directory() {
    Scenario::<Directory>::given_nothing().when(&Command::Create(create())).then([created()]);
    let taken = Reservation::Take { scope: CONNECTION, key: connection_id().to_string() };
    assert_eq!(Event::from(created()).reservations(), [taken]);
    Scenario::<Directory>::given([created()]).when(&Command::Create(create())).then_rejected(&Rejection::AlreadyExists);
}

#[test]
fn what_people_are_recognised_by_stays_as_long_as_there_are_users() {
    let other_subject = Settings { subject: SubjectFrom::UserName, ..settings() };
    let other_format = Settings { name_id_format: None, ..settings() };
    for wanted in [other_subject, other_format] {
        let configure = |has_users| Command::Configure { settings: wanted.clone(), has_users };
        Scenario::<Directory>::given([created()]).when(&configure(true)).then_rejected(&Rejection::HasUsers);
        let configured = Configured { settings: wanted.clone() };
        Scenario::<Directory>::given([created()]).when(&configure(false)).then([configured]);
    }
    let roles = Command::Configure { settings: configured().settings, has_users: true };
    Scenario::<Directory>::given([created()]).when(&roles).then([configured()]);
    let same = Command::Configure { settings: settings(), has_users: true };
    Scenario::<Directory>::given([created()]).when(&same).then_nothing();
    Scenario::<Directory>::given_nothing().when(&same).then_rejected(&Rejection::NotFound);
}

#[test]
fn two_tokens_overlap_and_each_is_retired_for_good() {
    let history = || vec![Event::from(created()), added('1').into(), added('2').into()];
    Scenario::<Directory>::given(history()).when(&add('3')).then_rejected(&Rejection::TokensFull);
    Scenario::<Directory>::given(history()).when(&retire('1')).then([TokenRetired { token: token_id('1') }]);
    let retired = || [history(), vec![TokenRetired { token: token_id('1') }.into()]].concat();
    Scenario::<Directory>::given(retired()).when(&retire('1')).then_nothing();
    Scenario::<Directory>::given(retired()).when(&retire('9')).then_rejected(&Rejection::TokenNotFound);
    Scenario::<Directory>::given(retired()).when(&add('3')).then([added('3')]);
    Scenario::<Directory>::given_nothing().when(&add('1')).then_rejected(&Rejection::NotFound);
}

fn provision(is_active: bool) -> Provision {
    Provision {
        person: person_id(),
        organization: organization_id(),
        directory: directory_id(),
        connection: connection_id(),
        subject_digest: "d1".repeat(32),
        profile: Some(profile("Lovelace")),
        roles: None,
        is_active,
    }
}

fn by_directory() -> Deactivated {
    let note = "deactivated by the organization's directory".to_owned();
    Deactivated { person: person_id(), note, directory: Some(directory_id()) }
}

fn of_directory(roles: &[&str]) -> RolesChanged {
    RolesChanged { directory: Some(directory_id()), ..roles_changed(roles) }
}

#[test]
fn whom_a_directory_makes_is_the_one_who_signs_in() {
    let made = person::Command::Provision(provision(true));
    Scenario::<Person>::given_nothing().when(&made).then([first_seen("Lovelace")]);
    let signed_in = person::Command::Recognise(recognise("Lovelace"));
    Scenario::<Person>::given([first_seen("Lovelace")]).when(&signed_in).then_nothing();
    let inactive = person::Command::Provision(provision(false));
    let events: [person::Event; 2] = [first_seen("Lovelace").into(), by_directory().into()];
    Scenario::<Person>::given_nothing().when(&inactive).then(events.clone());
    Scenario::<Person>::given(events).when(&signed_in).then_rejected(&person::Rejection::Deactivated);
}

#[test]
fn a_directory_takes_back_its_own_deactivation_and_no_other() {
    let back = person::Command::Provision(provision(true));
    let first = || person::Event::from(first_seen("Lovelace"));
    Scenario::<Person>::given([first(), by_directory().into()]).when(&back).then([Reactivated { person: person_id() }]);
    Scenario::<Person>::given([first(), person_deactivated().into()]).when(&back).then_nothing();
    // What an operator decides after the directory is the operator's.
    let deactivate = person::Command::Deactivate { note: note("left") };
    Scenario::<Person>::given([first(), by_directory().into()]).when(&deactivate).then([person_deactivated()]);
    Scenario::<Person>::given([first(), by_directory().into(), person_deactivated().into()]).when(&back).then_nothing();
    let another = "01890a5d-ac96-774b-bcce-b302099a8069".parse().unwrap();
    let other = person::Command::Provision(Provision { directory: another, ..provision(true) });
    Scenario::<Person>::given([first(), by_directory().into()]).when(&other).then_nothing();
}

#[test]
fn roles_come_from_the_directory_or_from_the_sign_in() {
    let owned = person::Command::Provision(Provision { roles: Some(vec![role("admin")]), ..provision(true) });
    let first = || person::Event::from(first_seen("Lovelace"));
    Scenario::<Person>::given([first()]).when(&owned).then([of_directory(&["admin"])]);
    let asserted = person::Recognise { roles: vec![role("owner")], ..recognise("Lovelace") };
    let asserted = person::Command::Recognise(asserted);
    Scenario::<Person>::given([first(), of_directory(&["admin"]).into()]).when(&asserted).then_nothing();
    let gone = person::Command::Deprovision { directory: directory_id(), connection: connection_id() };
    let after: [person::Event; 2] = [roles_changed(&[]).into(), by_directory().into()];
    Scenario::<Person>::given([first(), of_directory(&["admin"]).into()]).when(&gone).then(after);
}

#[test]
fn roles_that_come_from_the_sign_in_again_stay_until_the_next_one() {
    let release = person::Command::ReleaseRoles { directory: directory_id() };
    let history: [person::Event; 2] = [first_seen("Lovelace").into(), of_directory(&["admin"]).into()];
    Scenario::<Person>::given(history.clone()).when(&release).then([roles_changed(&["admin"])]);
    let released = [history.to_vec(), vec![roles_changed(&["admin"]).into()]].concat();
    Scenario::<Person>::given(released.clone()).when(&release).then_nothing();
    let asserted = person::Recognise { roles: vec![role("owner")], ..recognise("Lovelace") };
    Scenario::<Person>::given(released).when(&person::Command::Recognise(asserted)).then([roles_changed(&["owner"])]);
    let another = "01890a5d-ac96-774b-bcce-b302099a8069".parse().unwrap();
    let other = person::Command::ReleaseRoles { directory: another };
    Scenario::<Person>::given(history).when(&other).then_nothing();
}

#[test]
fn a_directory_has_no_say_over_people_of_another_connection() {
    let elsewhere = "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap();
    for command in [
        person::Command::Provision(Provision { connection: elsewhere, ..provision(false) }),
        person::Command::Deprovision { directory: directory_id(), connection: elsewhere },
        person::Command::AssignRoles { directory: directory_id(), connection: elsewhere, roles: vec![role("admin")] },
    ] {
        Scenario::<Person>::given([first_seen("Lovelace")]).when(&command).then_nothing();
    }
    // Whoever was re-linked there has the roles that are asserted there.
    let relinked = person::Relinked {
        person: person_id(),
        connection: elsewhere,
        subject_digest: "d2".repeat(32),
        released_digest: Some("d1".repeat(32)),
    };
    let history: [person::Event; 3] = [first_seen("Lovelace").into(), of_directory(&["admin"]).into(), relinked.into()];
    let asserted = person::Recognise {
        connection: elsewhere,
        subject_digest: "d2".repeat(32),
        roles: vec![role("owner")],
        profile: person::Profile { subject: String::new(), ..profile("Lovelace") },
        ..recognise("Lovelace")
    };
    Scenario::<Person>::given(history).when(&person::Command::Recognise(asserted)).then([roles_changed(&["owner"])]);
}

#[test]
fn a_superseded_person_is_not_provisioned_unseen() {
    let history: [person::Event; 2] = [first_seen("Lovelace").into(), superseded().into()];
    let command = person::Command::Provision(provision(false));
    Scenario::<Person>::given(history).when(&command).then_rejected(&person::Rejection::Superseded);
    let other = person::Command::Provision(Provision { person: other_person_id(), ..provision(true) });
    Scenario::<Person>::given([first_seen("X")]).when(&other).then_rejected(&person::Rejection::SomebodyElse);
}

#[test]
fn any_history_of_a_directory_holds() {
    // A token is added once: whoever repeats the addition adds another one.
    let configure = Command::Configure { settings: configured().settings, has_users: true };
    any_history_holds::<Directory>(&[Command::Create(create()), retire('1'), configure]).unwrap();
}
