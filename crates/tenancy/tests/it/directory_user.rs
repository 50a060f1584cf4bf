use serde_json::json;
use vestibule_decider::{DomainEvent, Reservation, Scenario};
use vestibule_kernel::{DirectoryGroupId, DirectoryUserId};
use vestibule_tenancy::directory_user::{
    Changed, Command, Created, Deleted, DirectoryUser, EXTERNAL_ID, Event, GroupsChanged, Rejection, Said, USER_NAME,
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

fn said(name: &str, external_id: Option<&str>) -> Said {
    Said {
        user: user_id(),
        directory: directory_id(),
        person: person_id(),
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
    Deleted { directory: directory_id(), user_name_digest, external_id_digest }
}

pub(crate) fn events() -> Vec<Event> {
    vec![created().into(), changed().into(), GroupsChanged { groups: vec![group_id()] }.into(), deleted().into()]
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
    assert_eq!(reserved, [release(USER_NAME, "a1"), taken, release(EXTERNAL_ID, "e1")]);
    assert_eq!(Event::from(deleted()).reservations(), [release(USER_NAME, "a1"), release(EXTERNAL_ID, "e1")]);
}

#[test]
fn a_deleted_user_does_not_come_back_and_a_user_is_nobody_else() {
    let history: [Event; 2] = [created().into(), deleted().into()];
    for command in [Command::Say(said("a1", None)), Command::Delete, Command::JoinGroups { groups: vec![] }] {
        Scenario::<DirectoryUser>::given(history.clone()).when(&command).then_rejected(&Rejection::NotFound);
    }
    let somebody_else = Command::Say(Said { person: other_person_id(), ..said("a1", None) });
    Scenario::<DirectoryUser>::given([created()]).when(&somebody_else).then_rejected(&Rejection::SomebodyElse);
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
