use std::collections::BTreeSet;

use vestibule_decider::Decider;
use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId};

use super::{CATEGORY, Changed, Command, Created, Deleted, Event, MembersChanged, Rejection};

/// A group of a directory, by stage of life.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum DirectoryGroup {
    /// Never was.
    #[default]
    Absent,
    /// The directory has it.
    Present(Kept),
    /// The directory had it.
    Deleted,
}

/// What is kept of a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Its id.
    pub group: DirectoryGroupId,
    /// The directory.
    pub directory: DirectoryId,
    /// Its name.
    pub display_name: String,
    /// The directory's own id of it.
    pub external_id: Option<String>,
    /// Its members.
    pub members: BTreeSet<DirectoryUserId>,
}

impl Decider for DirectoryGroup {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create { group, directory, display_name, external_id }) => {
                let (display_name, external_id) = (display_name.clone(), external_id.clone());
                Ok(vec![Created { group: *group, directory: *directory, display_name, external_id }.into()])
            }
            (Self::Absent | Self::Deleted, _) => Err(Rejection::NotFound),
            (Self::Present(_), Command::Create { .. }) => Err(Rejection::AlreadyExists),
            (Self::Present(kept), Command::Rename { display_name, external_id }) => {
                if kept.display_name == *display_name && kept.external_id == *external_id {
                    return Ok(vec![]);
                }
                let (display_name, external_id) = (display_name.clone(), external_id.clone());
                Ok(vec![Changed { directory: kept.directory, display_name, external_id }.into()])
            }
            (Self::Present(kept), Command::ChangeMembers { added, removed }) => {
                Ok(kept.members_changed(added, removed))
            }
            (Self::Present(kept), Command::Delete) if kept.members.is_empty() => {
                Ok(vec![Deleted { directory: kept.directory }.into()])
            }
            (Self::Present(_), Command::Delete) => Err(Rejection::HasMembers),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => Self::Present(Kept {
                group: created.group,
                directory: created.directory,
                display_name: created.display_name.clone(),
                external_id: created.external_id.clone(),
                members: BTreeSet::new(),
            }),
            (Self::Present(kept), Event::Changed(changed)) => Self::Present(Kept {
                display_name: changed.display_name.clone(),
                external_id: changed.external_id.clone(),
                ..kept
            }),
            (Self::Present(mut kept), Event::MembersChanged(changed)) => {
                kept.members.extend(&changed.added);
                for gone in &changed.removed {
                    kept.members.remove(gone);
                }
                Self::Present(kept)
            }
            (Self::Present(_), Event::Deleted(_)) => Self::Deleted,
            (state, _) => state,
        }
    }
}

impl Kept {
    fn members_changed(&self, added: &[DirectoryUserId], removed: &[DirectoryUserId]) -> Vec<Event> {
        let gone: BTreeSet<_> = removed.iter().copied().filter(|user| self.members.contains(user)).collect();
        let come: BTreeSet<_> =
            added.iter().copied().filter(|user| !self.members.contains(user) && !removed.contains(user)).collect();
        if gone.is_empty() && come.is_empty() {
            return vec![];
        }
        let (added, removed) = (come.into_iter().collect(), gone.into_iter().collect());
        vec![MembersChanged { added, removed }.into()]
    }
}
