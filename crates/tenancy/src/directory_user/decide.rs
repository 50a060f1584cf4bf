use serde_json::Value;
use vestibule_decider::Decider;
use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId, PersonId};

use super::{CATEGORY, Changed, Command, Created, Deleted, Event, Moved, Rejection, Said};

/// A user of a directory, by stage of life.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DirectoryUser {
    /// Never was.
    #[default]
    Absent,
    /// The directory has it.
    Present(Kept),
    /// The directory had it.
    Deleted {
        /// The directory.
        directory: DirectoryId,
        /// The groups that it was a member of.
        groups: Vec<DirectoryGroupId>,
    },
}

/// What is kept of a user.
#[derive(Clone, PartialEq)]
pub struct Kept {
    /// Its id.
    pub user: DirectoryUserId,
    /// The directory.
    pub directory: DirectoryId,
    /// Who it is.
    pub person: PersonId,
    /// The keyed digest of what the identity provider calls them at sign-in; `None` of a user who was kept without.
    pub subject_digest: Option<String>,
    /// The keyed digest of the folded user name.
    pub user_name_digest: String,
    /// The keyed digest of the directory's own id.
    pub external_id_digest: Option<String>,
    /// Whether the directory has it as active.
    pub is_active: bool,
    /// What the directory says; `None` when it was not opened or the person's key is destroyed.
    pub document: Option<Value>,
    /// In order, each once.
    pub groups: Vec<DirectoryGroupId>,
}

impl Decider for DirectoryUser {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Say(said)) => Ok(vec![created(said).into()]),
            (Self::Absent | Self::Deleted { .. }, _) => Err(Rejection::NotFound),
            (Self::Present(kept), Command::Say(said)) => kept.changed(said),
            (Self::Present(kept), Command::JoinGroups { groups }) => Ok(kept.moved(&in_order(groups))),
            (Self::Present(kept), Command::Delete { is_unfinished }) => Ok(vec![
                Deleted {
                    directory: kept.directory,
                    is_unfinished: *is_unfinished,
                    subject_digest: kept.subject_digest.clone(),
                    user_name_digest: kept.user_name_digest.clone(),
                    external_id_digest: kept.external_id_digest.clone(),
                }
                .into(),
            ]),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => Self::Present(Kept {
                user: created.user,
                directory: created.directory,
                person: created.person,
                subject_digest: created.subject_digest.clone(),
                user_name_digest: created.user_name_digest.clone(),
                external_id_digest: created.external_id_digest.clone(),
                is_active: created.is_active,
                document: created.document.clone(),
                groups: Vec::new(),
            }),
            (Self::Present(kept), Event::Changed(changed)) => Self::Present(Kept {
                person: changed.person,
                subject_digest: changed.subject_digest.clone(),
                user_name_digest: changed.user_name_digest.clone(),
                external_id_digest: changed.external_id_digest.clone(),
                is_active: changed.is_active,
                document: changed.document.clone(),
                ..kept
            }),
            (Self::Present(mut kept), Event::Moved(moved)) => {
                kept.groups.retain(|group| moved.left.binary_search(group).is_err());
                kept.groups.extend(&moved.joined);
                kept.groups.sort_unstable();
                Self::Present(kept)
            }
            (Self::Present(kept), Event::GroupsChanged(changed)) => {
                Self::Present(Kept { groups: changed.groups.clone(), ..kept })
            }
            (Self::Present(kept), Event::Deleted(_)) => {
                Self::Deleted { directory: kept.directory, groups: kept.groups }
            }
            (state, _) => state,
        }
    }
}

impl Kept {
    /// `groups` are in order, each once, as are those that are kept.
    fn moved(&self, groups: &[DirectoryGroupId]) -> Vec<Event> {
        let without = |all: &[DirectoryGroupId], some: &[DirectoryGroupId]| {
            all.iter().copied().filter(|group| some.binary_search(group).is_err()).collect::<Vec<_>>()
        };
        let (joined, left) = (without(groups, &self.groups), without(&self.groups, groups));
        if joined.is_empty() && left.is_empty() {
            return vec![];
        }
        vec![Moved { joined, left }.into()]
    }

    fn changed(&self, said: &Said) -> Result<Vec<Event>, Rejection> {
        if self.user != said.user || self.directory != said.directory {
            return Err(Rejection::SomebodyElse);
        }
        let subject_digest = said.subject_digest.as_ref().or(self.subject_digest.as_ref());
        let is_same = self.person == said.person && self.subject_digest.as_ref() == subject_digest;
        if is_same && self.is_active == said.is_active && self.document.as_ref() == Some(&said.document) {
            return Ok(vec![]);
        }
        let released_user_name = Some(&self.user_name_digest).filter(|before| **before != said.user_name_digest);
        let released_external_id = self.external_id_digest.as_ref();
        let released_external_id =
            released_external_id.filter(|before| said.external_id_digest.as_ref() != Some(*before));
        let released_subject = self.subject_digest.as_ref().filter(|before| subject_digest != Some(*before));
        let changed = Changed {
            person: said.person,
            directory: self.directory,
            subject_digest: subject_digest.cloned(),
            released_subject_digest: released_subject.cloned(),
            user_name_digest: said.user_name_digest.clone(),
            released_user_name_digest: released_user_name.cloned(),
            external_id_digest: said.external_id_digest.clone(),
            released_external_id_digest: released_external_id.cloned(),
            is_active: said.is_active,
            document: Some(said.document.clone()),
        };
        Ok(vec![changed.into()])
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("user", &self.user).field("groups", &self.groups).finish_non_exhaustive()
    }
}

fn created(said: &Said) -> Created {
    Created {
        user: said.user,
        directory: said.directory,
        person: said.person,
        subject_digest: said.subject_digest.clone(),
        user_name_digest: said.user_name_digest.clone(),
        external_id_digest: said.external_id_digest.clone(),
        is_active: said.is_active,
        document: Some(said.document.clone()),
    }
}

fn in_order(groups: &[DirectoryGroupId]) -> Vec<DirectoryGroupId> {
    let mut groups = groups.to_vec();
    groups.sort_unstable();
    groups.dedup();
    groups
}
