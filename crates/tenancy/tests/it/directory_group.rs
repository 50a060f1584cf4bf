use vestibule_decider::Scenario;
use vestibule_tenancy::directory_group::{
    Changed, Command, Created, Deleted, DirectoryGroup, Event, MembersChanged, Rejection,
};

use crate::{
    directory::directory_id,
    directory_user::{group_id, user_id},
    property::any_history_holds,
};

fn create() -> Command {
    let (display_name, external_id) = ("Engineers".to_owned(), Some("g-1".to_owned()));
    Command::Create { group: group_id(), directory: directory_id(), display_name, external_id }
}

fn created() -> Created {
    let (display_name, external_id) = ("Engineers".to_owned(), Some("g-1".to_owned()));
    Created { group: group_id(), directory: directory_id(), display_name, external_id }
}

fn changed() -> Changed {
    Changed { directory: directory_id(), display_name: "Builders".to_owned(), external_id: None }
}

fn joined() -> MembersChanged {
    MembersChanged { added: vec![user_id()], removed: vec![] }
}

pub(crate) fn events() -> Vec<Event> {
    let moved = MembersChanged { added: vec![user_id()], removed: vec![user_id()] };
    vec![created().into(), changed().into(), moved.into(), Deleted { directory: directory_id() }.into()]
}

fn join() -> Command {
    Command::ChangeMembers { added: vec![user_id(), user_id()], removed: vec![] }
}

fn leave() -> Command {
    Command::ChangeMembers { added: vec![], removed: vec![user_id()] }
}

#[test]
fn members_come_and_go_once_and_leave_before_the_group_goes() {
    Scenario::<DirectoryGroup>::given_nothing().when(&create()).then([created()]);
    Scenario::<DirectoryGroup>::given([created()]).when(&join()).then([joined()]);
    Scenario::<DirectoryGroup>::given([created()]).when(&leave()).then_nothing();
    let history = || [Event::from(created()), joined().into()];
    Scenario::<DirectoryGroup>::given(history()).when(&join()).then_nothing();
    Scenario::<DirectoryGroup>::given(history()).when(&Command::Delete).then_rejected(&Rejection::HasMembers);
    // Whom one request both adds and removes is gone: nobody keeps what they should have lost.
    let both = Command::ChangeMembers { added: vec![user_id()], removed: vec![user_id()] };
    let gone = MembersChanged { added: vec![], removed: vec![user_id()] };
    Scenario::<DirectoryGroup>::given(history()).when(&both).then([gone]);
    Scenario::<DirectoryGroup>::given([created()]).when(&both).then_nothing();
    let history: [Event; 2] = [created().into(), Deleted { directory: directory_id() }.into()];
    Scenario::<DirectoryGroup>::given(history).when(&join()).then_rejected(&Rejection::NotFound);
}

#[test]
fn any_history_of_a_group_holds() {
    let rename = Command::Rename { display_name: "Builders".to_owned(), external_id: None };
    any_history_holds::<DirectoryGroup>(&[create(), join(), rename, leave()]).unwrap();
}
