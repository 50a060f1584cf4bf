use serde_json::Value;
use vestibule_decider::Decider;
use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId, PersonId};

use super::{CATEGORY, Changed, Command, Created, Deleted, Event, GroupsChanged, Rejection, Said};

/// A user of a directory, by stage of life.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DirectoryUser {
    /// Never was.
    #[default]
    Absent,
    /// The directory has it.
    Present(Kept),
    /// The directory had it.
    Deleted,
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
            (Self::Absent | Self::Deleted, _) => Err(Rejection::NotFound),
            (Self::Present(kept), Command::Say(said)) => kept.changed(said),
            (Self::Present(kept), Command::JoinGroups { groups }) => {
                let groups = in_order(groups);
                Ok(if groups == kept.groups { vec![] } else { vec![GroupsChanged { groups }.into()] })
            }
            (Self::Present(kept), Command::Delete) => Ok(vec![
                Deleted {
                    directory: kept.directory,
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
                user_name_digest: created.user_name_digest.clone(),
                external_id_digest: created.external_id_digest.clone(),
                is_active: created.is_active,
                document: created.document.clone(),
                groups: Vec::new(),
            }),
            (Self::Present(kept), Event::Changed(changed)) => Self::Present(Kept {
                user_name_digest: changed.user_name_digest.clone(),
                external_id_digest: changed.external_id_digest.clone(),
                is_active: changed.is_active,
                document: changed.document.clone(),
                ..kept
            }),
            (Self::Present(kept), Event::GroupsChanged(changed)) => {
                Self::Present(Kept { groups: changed.groups.clone(), ..kept })
            }
            (Self::Present(_), Event::Deleted(_)) => Self::Deleted,
            (state, _) => state,
        }
    }
}

impl Kept {
    fn changed(&self, said: &Said) -> Result<Vec<Event>, Rejection> {
        if self.user != said.user || self.directory != said.directory || self.person != said.person {
            return Err(Rejection::SomebodyElse);
        }
        if self.is_active == said.is_active && self.document.as_ref() == Some(&said.document) {
            return Ok(vec![]);
        }
        let released_user_name = Some(&self.user_name_digest).filter(|before| **before != said.user_name_digest);
        let released_external_id = self.external_id_digest.as_ref();
        let released_external_id =
            released_external_id.filter(|before| said.external_id_digest.as_ref() != Some(*before));
        let changed = Changed {
            person: self.person,
            directory: self.directory,
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
