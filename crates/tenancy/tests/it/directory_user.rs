use serde_json::json;
use vestibule_decider::{DomainEvent, Reservation, Scenario};
use vestibule_kernel::{DirectoryGroupId, DirectoryUserId};
use vestibule_tenancy::directory_user::{
    Changed, Command, Created, Deleted, DirectoryUser, EXTERNAL_ID, Event, GroupsChanged, Moved, Rejection, SUBJECT,
    Said, USER_NAME,
};

use crate::{
    directory::directory_id,
    property::any_history_holds,
    sample::{other_person_id, person_id},
};

pub(crate) fn user_id() -> DirectoryUserId {
    "01890a5d-ac96-774b-bcce-b302099a8081".parse().unwrap()
}

pub(crate) fn group_id() -> DirectoryGroupId {
    "01890a5d-ac96-774b-bcce-b302099a8091".parse().unwrap()
}

fn other_group_id() -> DirectoryGroupId {
    "01890a5d-ac96-774b-bcce-b302099a8092".parse().unwrap()
}

fn said(name: &str, external_id: Option<&str>) -> Said {
    Said {
        user: user_id(),
        directory: directory_id(),
        person: person_id(),
        subject_digest: Some("d1".repeat(32)),
        user_name_digest: name.repeat(32),
        external_id_digest: external_id.map(|digest| digest.repeat(32)),
        is_active: true,
        document: json!({ "userName": name }),
    }
}

fn created() -> Created {
    Created {
        user: user_id(),
        directory: directory_id(),
        person: person_id(),
        subject_digest: Some("d1".repeat(32)),
        user_name_digest: "a1".repeat(32),
        external_id_digest: Some("e1".repeat(32)),
        is_active: true,
        document: Some(json!({ "userName": "a1" })),
    }
}

fn changed() -> Changed {
    Changed {
        person: person_id(),
        directory: directory_id(),
        subject_digest: Some("d1".repeat(32)),
        released_subject_digest: None,
        user_name_digest: "a2".repeat(32),
        released_user_name_digest: Some("a1".repeat(32)),
        external_id_digest: None,
        released_external_id_digest: Some("e1".repeat(32)),
        is_active: true,
        document: Some(json!({ "userName": "a2" })),
    }
}

fn deleted() -> Deleted {
    let (user_name_digest, external_id_digest) = ("a1".repeat(32), Some("e1".repeat(32)));
    let (subject_digest, is_unfinished) = (Some("d1".repeat(32)), false);
    Deleted { directory: directory_id(), user_name_digest, external_id_digest, subject_digest, is_unfinished }
}

const DELETE: Command = Command::Delete { is_unfinished: false };

/// As they were written before it was kept how people are recognised.
pub(crate) fn events() -> Vec<Event> {
    vec![
        Created { subject_digest: None, ..created() }.into(),
        Changed { subject_digest: None, ..changed() }.into(),
        GroupsChanged { groups: vec![group_id()] }.into(),
        Deleted { subject_digest: None, ..deleted() }.into(),
    ]
}

pub(crate) fn with_subject() -> Vec<Event> {
    let changed = Changed { released_subject_digest: Some("d0".repeat(32)), ..changed() };
    let moved = Moved { joined: vec![group_id()], left: vec![other_group_id()] };
    vec![created().into(), changed.into(), moved.into(), Deleted { is_unfinished: true, ..deleted() }.into()]
}

#[test]
fn what_the_directory_says_is_recorded_once_and_renamed_once() {
    let say = Command::Say(said("a1", Some("e1")));
    Scenario::<DirectoryUser>::given_nothing().when(&say).then([created()]);
    Scenario::<DirectoryUser>::given([created()]).when(&say).then_nothing();
    Scenario::<DirectoryUser>::given([created()]).when(&Command::Say(said("a2", None))).then([changed()]);
    let release = |scope, digest: &str| {
        let key = format!("{}/{}", directory_id(), digest.repeat(32));
        Reservation::Release { scope, key }
    };
    let reserved = Event::from(changed()).reservations();
    let taken = Reservation::Take { scope: USER_NAME, key: format!("{}/{}", directory_id(), "a2".repeat(32)) };
    let subject = || "d1".repeat(32);
    let found = Reservation::Take { scope: SUBJECT, key: subject() };
    assert_eq!(reserved, [release(USER_NAME, "a1"), taken, release(EXTERNAL_ID, "e1"), found]);
    let lost = Reservation::Release { scope: SUBJECT, key: subject() };
    let free = [release(USER_NAME, "a1"), release(EXTERNAL_ID, "e1"), lost];
    assert_eq!(Event::from(deleted()).reservations(), free);
}

#[test]
fn a_deleted_user_does_not_come_back_and_a_user_stays_in_its_directory() {
    let history: [Event; 2] = [created().into(), deleted().into()];
    for command in [Command::Say(said("a1", None)), DELETE, Command::JoinGroups { groups: vec![] }] {
        Scenario::<DirectoryUser>::given(history.clone()).when(&command).then_rejected(&Rejection::NotFound);
    }
    let another = "01890a5d-ac96-774b-bcce-b302099a8069".parse().unwrap();
    let elsewhere = Command::Say(Said { directory: another, ..said("a1", None) });
    Scenario::<DirectoryUser>::given([created()]).when(&elsewhere).then_rejected(&Rejection::SomebodyElse);
}

#[test]
fn a_user_whose_person_has_another_user_is_somebody_else() {
    let other = Said { person: other_person_id(), subject_digest: Some("d2".repeat(32)), ..said("a1", Some("e1")) };
    let changed = Changed {
        person: other_person_id(),
        subject_digest: Some("d2".repeat(32)),
        released_subject_digest: Some("d1".repeat(32)),
        user_name_digest: "a1".repeat(32),
        released_user_name_digest: None,
        external_id_digest: Some("e1".repeat(32)),
        released_external_id_digest: None,
        document: created().document,
        ..changed()
    };
    Scenario::<DirectoryUser>::given([created()]).when(&Command::Say(other)).then([changed]);
    // Where the connection cannot tell, it stays as it was.
    let silent = Command::Say(Said { subject_digest: None, ..said("a1", Some("e1")) });
    Scenario::<DirectoryUser>::given([created()]).when(&silent).then_nothing();
}

#[test]
fn what_is_left_behind_is_known_of_a_deleted_user() {
    let moved = Moved { joined: vec![other_group_id()], left: vec![group_id()] };
    let history: [Event; 5] = [
        created().into(),
        GroupsChanged { groups: vec![group_id()] }.into(),
        moved.into(),
        Moved { joined: vec![group_id()], left: vec![other_group_id()] }.into(),
        Deleted { is_unfinished: true, ..deleted() }.into(),
    ];
    let left = DirectoryUser::Deleted { directory: directory_id(), groups: vec![group_id()] };
    assert_eq!(<DirectoryUser as vestibule_decider::Decider>::replay(&history), left);
}

#[test]
fn only_the_groups_that_a_user_joins_or_leaves_are_recorded() {
    let join = |groups: &[DirectoryGroupId]| Command::JoinGroups { groups: groups.to_vec() };
    let first = || Moved { joined: vec![group_id()], left: vec![] };
    let start = [Event::from(created())];
    Scenario::<DirectoryUser>::given(start.clone()).when(&join(&[group_id(), group_id()])).then([first()]);
    let history = [start[0].clone(), first().into()];
    Scenario::<DirectoryUser>::given(history.clone()).when(&join(&[group_id()])).then_nothing();
    let swapped = Moved { joined: vec![other_group_id()], left: vec![group_id()] };
    Scenario::<DirectoryUser>::given(history).when(&join(&[other_group_id()])).then([swapped]);
}

#[test]
fn nothing_personal_is_in_the_public_part() {
    for event in events() {
        let payload = event.encode().unwrap();
        assert!(!payload.data.to_string().contains("userName"), "{payload:?}");
    }
    assert!(!format!("{:?}", said("secret", None)).contains("secret"));
}

#[test]
fn any_history_of_a_user_holds() {
    let inactive = Said { is_active: false, ..said("a2", Some("e1")) };
    any_history_holds::<DirectoryUser>(&[
        Command::Say(said("a1", Some("e1"))),
        Command::JoinGroups { groups: vec![group_id(), group_id()] },
        Command::Say(inactive),
        Command::JoinGroups { groups: vec![] },
        Command::Say(said("a1", None)),
    ])
    .unwrap();
}
