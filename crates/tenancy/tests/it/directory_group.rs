use vestibule_decider::{Decider, DomainEvent, Scenario};
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
    let (directory, display_name) = (directory_id(), "Builders".to_owned());
    Changed { directory, display_name, external_id: None, is_unfinished: false }
}

fn joined() -> MembersChanged {
    MembersChanged { added: vec![user_id()], removed: vec![], is_unfinished: false }
}

/// What is done in several steps.
pub(crate) fn unfinished() -> Vec<Event> {
    let changed = Changed { is_unfinished: true, ..changed() };
    vec![changed.into(), MembersChanged { is_unfinished: true, ..joined() }.into()]
}

pub(crate) fn events() -> Vec<Event> {
    let moved = MembersChanged { removed: vec![user_id()], ..joined() };
    vec![created().into(), changed().into(), moved.into(), Deleted { directory: directory_id() }.into()]
}

fn join() -> Command {
    Command::ChangeMembers { added: vec![user_id(), user_id()], removed: vec![], is_unfinished: false }
}

fn leave() -> Command {
    Command::ChangeMembers { added: vec![], removed: vec![user_id()], is_unfinished: false }
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
    let (added, removed) = (vec![user_id()], vec![user_id()]);
    let both = Command::ChangeMembers { added, removed, is_unfinished: false };
    let gone = MembersChanged { added: vec![], removed: vec![user_id()], is_unfinished: false };
    Scenario::<DirectoryGroup>::given(history()).when(&both).then([gone]);
    Scenario::<DirectoryGroup>::given([created()]).when(&both).then_nothing();
    let history: [Event; 2] = [created().into(), Deleted { directory: directory_id() }.into()];
    Scenario::<DirectoryGroup>::given(history).when(&join()).then_rejected(&Rejection::NotFound);
}

#[test]
fn many_members_come_and_go_in_events_of_which_none_is_too_large() {
    let user = |number: u32| format!("01890a5d-ac96-774b-bcce-{number:012x}").parse().unwrap();
    let all: Vec<_> = (0..10_000).map(user).collect();
    let group = <DirectoryGroup as Decider>::replay(&[Event::from(created())]);
    let join = Command::ChangeMembers { added: all.clone(), removed: vec![], is_unfinished: true };
    let joined = group.decide(&join).unwrap();
    let full = joined.iter().fold(group, DirectoryGroup::evolve);
    let leave = Command::ChangeMembers { added: vec![], removed: all.clone(), is_unfinished: true };
    let left = full.decide(&leave).unwrap();
    for event in joined.iter().chain(&left) {
        assert!(event.encode().unwrap().data.to_string().len() < 200 * 1024);
    }
    let DirectoryGroup::Present(full) = &full else { panic!("{full:?}") };
    assert_eq!(full.members.len(), all.len());
    let empty = left.iter().fold(DirectoryGroup::Present(full.clone()), DirectoryGroup::evolve);
    assert_eq!(empty.decide(&Command::Delete).unwrap(), [Event::from(Deleted { directory: directory_id() })]);
}

#[test]
fn any_history_of_a_group_holds() {
    let rename = Command::Rename { display_name: "Builders".to_owned(), external_id: None, is_unfinished: true };
    any_history_holds::<DirectoryGroup>(&[create(), join(), rename, leave()]).unwrap();
}
