use std::collections::BTreeSet;

use vestibule_decider::Decider;
use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId};

use super::{CATEGORY, Changed, Command, Created, Deleted, Event, MembersChanged, Rejection};

/// Members in one event, so that it stays well below what an event may have.
const EVENT_MEMBERS_MAX: usize = 4_000;

/// A group of a directory, by stage of life.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum DirectoryGroup {
    /// Never was.
    #[default]
    Absent,
    /// The directory has it.
    Present(Kept),
    /// The directory had it.
    Deleted {
        /// The directory.
        directory: DirectoryId,
    },
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
            (Self::Absent | Self::Deleted { .. }, _) => Err(Rejection::NotFound),
            (Self::Present(_), Command::Create { .. }) => Err(Rejection::AlreadyExists),
            (Self::Present(kept), Command::Rename { display_name, external_id, is_unfinished }) => {
                if kept.display_name == *display_name && kept.external_id == *external_id {
                    return Ok(vec![]);
                }
                let (display_name, external_id) = (display_name.clone(), external_id.clone());
                let (directory, is_unfinished) = (kept.directory, *is_unfinished);
                Ok(vec![Changed { directory, display_name, external_id, is_unfinished }.into()])
            }
            (Self::Present(kept), Command::ChangeMembers { added, removed, is_unfinished }) => {
                Ok(kept.members_changed(added, removed, *is_unfinished))
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
            (Self::Present(kept), Event::Deleted(_)) => Self::Deleted { directory: kept.directory },
            (state, _) => state,
        }
    }
}

impl Kept {
    /// In as many events as there have to be, so that none is too large.
    fn members_changed(
        &self,
        added: &[DirectoryUserId],
        removed: &[DirectoryUserId],
        is_unfinished: bool,
    ) -> Vec<Event> {
        let gone: BTreeSet<_> = removed.iter().copied().filter(|user| self.members.contains(user)).collect();
        let unwanted: BTreeSet<_> = removed.iter().chain(&self.members).collect();
        let come: BTreeSet<_> = added.iter().copied().filter(|user| !unwanted.contains(user)).collect();
        let moves: Vec<_> =
            gone.into_iter().map(|user| (user, false)).chain(come.into_iter().map(|user| (user, true))).collect();
        let changed = moves.chunks(EVENT_MEMBERS_MAX).map(|moves| {
            let of = |joins: bool| moves.iter().filter(|(_, comes)| *comes == joins).map(|(user, _)| *user).collect();
            MembersChanged { added: of(true), removed: of(false), is_unfinished }.into()
        });
        changed.collect()
    }
}
