use vestibule_decider::{Decider, DomainEvent, Personal, Reservation, Scenario};
use vestibule_tenancy::{
    NativeUserId,
    person::{
        Command, Event, FirstSeen, LOGOUT_REQUEST, LinkNativeUser, NATIVE_USER, NativeUserLinked, Person, Reactivated,
        Recognise, Rejection, Relinked, SUBJECT, SignedIn, SignedOut, Updated,
    },
};

use crate::sample::{
    connection_id, first_seen, link_native_user, native_user_linked, native_user_unlinked, note, other_person_id,
    person_deactivated, person_id, pool_id, profile, recognise, relinked, role, roles_changed, signed_out, superseded,
};

fn relink(digest: &str) -> Command {
    Command::Relink { connection: connection_id(), subject_digest: digest.repeat(32) }
}

fn updated(family_name: &str) -> Updated {
    Updated { person: person_id(), profile: Some(profile(family_name)) }
}

#[test]
fn a_person_is_first_seen_once() {
    let command = Command::Recognise(recognise("Lovelace"));
    Scenario::<Person>::given_nothing().when(&command).then([first_seen("Lovelace")]);
    Scenario::<Person>::given([first_seen("Lovelace")]).when(&command).then_nothing();
}

#[test]
fn a_changed_profile_is_recorded_once() {
    let married = Command::Recognise(recognise("King"));
    Scenario::<Person>::given([first_seen("Lovelace")]).when(&married).then([updated("King")]);
    let history: [Event; 2] = [first_seen("Lovelace").into(), updated("King").into()];
    Scenario::<Person>::given(history).when(&married).then_nothing();
}

#[test]
fn what_was_withheld_is_recorded_anew() {
    let withheld = FirstSeen { profile: None, ..first_seen("Lovelace") };
    let again = Command::Recognise(recognise("Lovelace"));
    Scenario::<Person>::given([withheld]).when(&again).then([updated("Lovelace")]);
}

#[test]
fn the_sub_is_never_given_to_somebody_else() {
    for other in [
        Recognise { person: "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7c".parse().unwrap(), ..recognise("X") },
        Recognise { organization: "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap(), ..recognise("X") },
    ] {
        let command = Command::Recognise(other);
        Scenario::<Person>::given([first_seen("X")]).when(&command).then_rejected(&Rejection::SomebodyElse);
    }
    let person = Person::replay(&[first_seen("A").into(), updated("B").into()]);
    assert_eq!(person.known().unwrap().person, person_id());
}

#[test]
fn what_the_groups_mean_is_recorded_when_it_changes() {
    let with = |roles: &[&str]| {
        let roles = roles.iter().map(|text| role(text)).collect();
        Command::Recognise(Recognise { roles, ..recognise("X") })
    };
    let admin = || Event::from(roles_changed(&["admin", "reader"]));
    let first = || Event::from(first_seen("X"));
    let command = with(&["reader", "admin", "reader"]);
    Scenario::<Person>::given_nothing().when(&command).then([first(), admin()]);
    Scenario::<Person>::given([first(), admin()]).when(&with(&["admin", "reader"])).then_nothing();
    Scenario::<Person>::given([first(), admin()]).when(&with(&[])).then([roles_changed(&[])]);
}

#[test]
fn a_deactivated_person_does_not_sign_in() {
    let deactivate = Command::Deactivate { note: note("left") };
    let reactivated = || Event::from(Reactivated { person: person_id() });
    let history = || [Event::from(first_seen("X")), person_deactivated().into()];
    let recognised = Command::Recognise(recognise("X"));
    Scenario::<Person>::given([first_seen("X")]).when(&deactivate).then([person_deactivated()]);
    Scenario::<Person>::given(history()).when(&deactivate).then_nothing();
    Scenario::<Person>::given(history()).when(&recognised).then_rejected(&Rejection::Deactivated);
    Scenario::<Person>::given(history()).when(&Command::Reactivate).then([reactivated()]);
    let [first, left] = history();
    let back = [first, left, reactivated()];
    Scenario::<Person>::given(back.clone()).when(&Command::Reactivate).then_nothing();
    Scenario::<Person>::given(back).when(&recognised).then_nothing();
    for command in [
        deactivate,
        Command::Reactivate,
        relink("d2"),
        Command::SignOut { connection: connection_id(), request_digest: None },
    ] {
        Scenario::<Person>::given_nothing().when(&command).then_rejected(&Rejection::NotFound);
    }
}

#[test]
fn who_signed_out_signs_in_again() {
    let sign_out = Command::SignOut { connection: connection_id(), request_digest: None };
    let out = [Event::from(first_seen("X")), signed_out().into()];
    Scenario::<Person>::given([first_seen("X")]).when(&sign_out).then([signed_out()]);
    Scenario::<Person>::given(out.clone()).when(&sign_out).then_nothing();
    let again = Command::Recognise(recognise("X"));
    let signed_in = SignedIn { person: person_id() };
    Scenario::<Person>::given(out).when(&again).then([Event::from(signed_in)]);
    Scenario::<Person>::given([first_seen("X")]).when(&again).then_nothing();
}

#[test]
fn a_request_to_sign_out_is_heard_once_and_recorded_each_time() {
    let asked =
        |digest: &str| Command::SignOut { connection: connection_id(), request_digest: Some(digest.to_owned()) };
    let signed_out = |digest: &str| SignedOut { request_digest: Some(digest.to_owned()), ..signed_out() };
    Scenario::<Person>::given([first_seen("X")]).when(&asked("d1")).then([signed_out("d1")]);
    let out = [Event::from(first_seen("X")), signed_out("d1").into()];
    Scenario::<Person>::given(out).when(&asked("d2")).then([signed_out("d2")]);
    let key = format!("{}/d1", connection_id());
    assert_eq!(Event::from(signed_out("d1")).reservations(), [Reservation::Take { scope: LOGOUT_REQUEST, key }]);
    assert_eq!(Event::from(crate::sample::signed_out()).reservations(), []);
}

#[test]
fn a_relinked_person_is_found_by_the_new_subject_only() {
    let history = [Event::from(first_seen("X")), relinked().into()];
    Scenario::<Person>::given([first_seen("X")]).when(&relink("d2")).then([relinked()]);
    Scenario::<Person>::given(history.clone()).when(&relink("d2")).then_nothing();
    let over = |digest: &str| Command::Recognise(Recognise { subject_digest: digest.repeat(32), ..recognise("X") });
    Scenario::<Person>::given(history.clone()).when(&over("d1")).then_rejected(&Rejection::SubjectMoved);
    // What the new provider calls the person in clear is known with the next sign-in, and recorded then.
    Scenario::<Person>::given(history).when(&over("d2")).then([updated("X")]);
    let take = Reservation::Take { scope: SUBJECT, key: "d2".repeat(32) };
    let release = Reservation::Release { scope: SUBJECT, key: "d1".repeat(32) };
    assert_eq!(Event::from(relinked()).reservations(), [release, take]);
}

#[test]
fn a_duplicate_is_superseded_for_good() {
    let supersede = Command::Supersede { by: other_person_id() };
    let gone = [Event::from(first_seen("X")), superseded().into()];
    Scenario::<Person>::given([first_seen("X")]).when(&supersede).then([superseded()]);
    let left = [Event::from(first_seen("X")), person_deactivated().into()];
    Scenario::<Person>::given(left).when(&supersede).then_rejected(&Rejection::Deactivated);
    Scenario::<Person>::given(gone.clone()).when(&supersede).then_nothing();
    for command in [
        Command::Reactivate,
        relink("d3"),
        Command::Supersede { by: person_id() },
        Command::LinkNativeUser(link_native_user()),
    ] {
        Scenario::<Person>::given(gone.clone()).when(&command).then_rejected(&Rejection::Superseded);
    }
    let recognised = Command::Recognise(recognise("X"));
    Scenario::<Person>::given(gone).when(&recognised).then_rejected(&Rejection::SubjectMoved);
    let themselves = Command::Supersede { by: person_id() };
    Scenario::<Person>::given([first_seen("X")]).when(&themselves).then_rejected(&Rejection::SupersedesThemselves);
    let release = Reservation::Release { scope: SUBJECT, key: "d1".repeat(32) };
    assert_eq!(Event::from(superseded()).reservations(), [release]);
}

#[test]
fn a_native_user_is_one_person() {
    let link = Command::LinkNativeUser(link_native_user());
    Scenario::<Person>::given_nothing().when(&link).then([native_user_linked()]);
    Scenario::<Person>::given([first_seen("X")]).when(&link).then([native_user_linked()]);
    Scenario::<Person>::given([native_user_linked()]).when(&link).then_nothing();

    let another = NativeUserId::parse("00000000-9f0c-4b3e-8a37-0a1b2c3d4e5f").unwrap();
    let another = Command::LinkNativeUser(LinkNativeUser { native_user: another, ..link_native_user() });
    Scenario::<Person>::given([native_user_linked()]).when(&another).then_rejected(&Rejection::NativeUserInPool);
    let somebody = Command::LinkNativeUser(LinkNativeUser { person: other_person_id(), ..link_native_user() });
    Scenario::<Person>::given([native_user_linked()]).when(&somebody).then_rejected(&Rejection::SomebodyElse);

    let unlink = Command::UnlinkNativeUser { user_pool: pool_id() };
    Scenario::<Person>::given([native_user_linked()]).when(&unlink).then([native_user_unlinked()]);
    let history = [Event::from(native_user_linked()), native_user_unlinked().into()];
    Scenario::<Person>::given(history.clone()).when(&unlink).then_rejected(&Rejection::NativeUserNotLinked);
    Scenario::<Person>::given(history).when(&another).then([NativeUserLinked {
        native_user: "00000000-9f0c-4b3e-8a37-0a1b2c3d4e5f".to_owned(),
        ..native_user_linked()
    }]);

    let key = format!("{}/{}", pool_id(), native_user_linked().native_user);
    let taken = Reservation::Take { scope: NATIVE_USER, key: key.clone() };
    assert_eq!(Event::from(native_user_linked()).reservations(), [taken]);
    assert_eq!(Event::from(native_user_unlinked()).reservations(), [Reservation::Release { scope: NATIVE_USER, key }]);
}

#[test]
fn a_native_user_moves_to_a_connection_and_stays_the_same_person() {
    let moved = Relinked { released_digest: None, ..relinked() };
    Scenario::<Person>::given([native_user_linked()]).when(&relink("d2")).then([moved.clone()]);
    let recognised = Command::Recognise(Recognise { subject_digest: "d2".repeat(32), ..recognise("X") });
    let unmoved = Command::Recognise(recognise("X"));
    Scenario::<Person>::given([native_user_linked()]).when(&unmoved).then_rejected(&Rejection::SubjectMoved);
    let history = [Event::from(native_user_linked()), moved.into()];
    Scenario::<Person>::given(history.clone()).when(&recognised).then([updated("X")]);
    let supersede = Command::Supersede { by: other_person_id() };
    Scenario::<Person>::given(history).when(&supersede).then_rejected(&Rejection::DuplicateHasNativeUser);
}

#[test]
fn what_is_personal_is_not_in_the_public_part() {
    for event in [Event::from(first_seen("Lovelace")), Event::from(updated("Lovelace"))] {
        let payload = event.encode().unwrap();
        let data = payload.data.to_string();
        for personal in ["a1b2c3", "ada@acme.test", "Ada", "Lovelace"] {
            assert!(!data.contains(personal), "{data}");
        }
        let Personal::Open(fields) = payload.personal else { panic!("nothing to seal") };
        assert_eq!((fields.person, fields.fields["email"].as_str()), (person_id(), Some("ada@acme.test")));
        assert!(!format!("{event:?}").contains("ada@"));
    }
}

#[test]
fn the_subject_is_unique_by_its_digest() {
    let expected = Reservation::Take { scope: SUBJECT, key: "d1".repeat(32) };
    assert_eq!(Event::from(first_seen("X")).reservations(), [expected]);
}
