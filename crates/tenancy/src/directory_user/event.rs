use serde::{Deserialize, Serialize};
use serde_json::Value;
use vestibule_decider::{EventBody, PersonalFields, Reservation, Schema, domain_event};
use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId, PersonId};

use super::{EXTERNAL_ID, SUBJECT, USER_NAME};

/// The directory has a user.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Created {
    /// Its id.
    pub user: DirectoryUserId,
    /// The directory.
    pub directory: DirectoryId,
    /// Who it is.
    pub person: PersonId,
    /// The keyed digest of what the identity provider calls them at sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_digest: Option<String>,
    /// The keyed digest of the folded user name.
    pub user_name_digest: String,
    /// The keyed digest of the directory's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_digest: Option<String>,
    /// Whether the directory has the user as active.
    pub is_active: bool,
    /// What it says; `None` when it was not opened or the person's key is destroyed.
    #[serde(skip)]
    pub document: Option<Value>,
}

impl EventBody for Created {
    const SCHEMA: Schema = Schema::new("directory_user.created", 1, &[]);

    fn personal(&self) -> Option<PersonalFields> {
        Some(PersonalFields { person: self.person, fields: self.document.clone()? })
    }

    fn restore_personal(&mut self, fields: Value) -> Result<(), serde_json::Error> {
        self.document = Some(fields);
        Ok(())
    }
}

/// The directory says something else of the user.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Changed {
    /// Who it is: somebody else than before, when the person who it was has another user of the directory.
    pub person: PersonId,
    /// The directory.
    pub directory: DirectoryId,
    /// The keyed digest of what the identity provider calls them at sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_digest: Option<String>,
    /// The one before, when it was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_subject_digest: Option<String>,
    /// The keyed digest of the folded user name.
    pub user_name_digest: String,
    /// The one before, when it was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_user_name_digest: Option<String>,
    /// The keyed digest of the directory's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_digest: Option<String>,
    /// The one before, when it was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_external_id_digest: Option<String>,
    /// Whether the directory has the user as active.
    pub is_active: bool,
    /// What it says now; `None` when it was not opened or the person's key is destroyed.
    #[serde(skip)]
    pub document: Option<Value>,
}

impl EventBody for Changed {
    const SCHEMA: Schema = Schema::new("directory_user.changed", 1, &[]);

    fn personal(&self) -> Option<PersonalFields> {
        Some(PersonalFields { person: self.person, fields: self.document.clone()? })
    }

    fn restore_personal(&mut self, fields: Value) -> Result<(), serde_json::Error> {
        self.document = Some(fields);
        Ok(())
    }
}

/// The user came into groups, and left others.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Moved {
    /// Those that it is a member of from now on, in order, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<DirectoryGroupId>,
    /// Those that it is a member of no more, in order, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<DirectoryGroupId>,
}

impl EventBody for Moved {
    const SCHEMA: Schema = Schema::new("directory_user.moved", 1, &[]);
}

/// The user is a member of other groups than before. Not written any more: it grew with the number of groups.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GroupsChanged {
    /// All of them as they are now, in order, each once.
    pub groups: Vec<DirectoryGroupId>,
}

impl EventBody for GroupsChanged {
    const SCHEMA: Schema = Schema::new("directory_user.groups_changed", 1, &[]);
}

/// The directory has the user no more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Deleted {
    /// The directory.
    pub directory: DirectoryId,
    /// The keyed digest of the folded user name, which is free again.
    pub user_name_digest: String,
    /// The keyed digest of the directory's own id, which is free again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id_digest: Option<String>,
    /// The keyed digest of what the identity provider called them, which is free again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_digest: Option<String>,
    /// Groups have the user as a member still: they are changed later.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_unfinished: bool,
}

impl EventBody for Deleted {
    const SCHEMA: Schema = Schema::new("directory_user.deleted", 1, &[]);
}

domain_event! {
    /// What can have happened to a directory's user.
    pub enum Event {
        /// See [`Created`].
        Created(Created),
        /// See [`Changed`].
        Changed(Changed),
        /// See [`Moved`].
        Moved(Moved),
        /// See [`GroupsChanged`].
        GroupsChanged(GroupsChanged),
        /// See [`Deleted`].
        Deleted(Deleted),
    }
    reservations = reservations;
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created").field("user", &self.user).field("person", &self.person).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Changed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changed").field("person", &self.person).finish_non_exhaustive()
    }
}

fn reservations(event: &Event) -> Vec<Reservation> {
    match event {
        Event::Created(created) => {
            let user_name = take(USER_NAME, created.directory, &created.user_name_digest);
            let external_id = created.external_id_digest.iter();
            std::iter::once(user_name)
                .chain(external_id.map(|digest| take(EXTERNAL_ID, created.directory, digest)))
                .chain(created.subject_digest.as_deref().map(take_subject))
                .collect()
        }
        Event::Changed(changed) => {
            let directory = changed.directory;
            let mut reservations = Vec::new();
            if let Some(before) = &changed.released_user_name_digest {
                reservations.push(release(USER_NAME, directory, before));
                reservations.push(take(USER_NAME, directory, &changed.user_name_digest));
            }
            if let Some(before) = &changed.released_external_id_digest {
                reservations.push(release(EXTERNAL_ID, directory, before));
            }
            // Taking what the stream holds already changes nothing.
            reservations.extend(changed.external_id_digest.iter().map(|now| take(EXTERNAL_ID, directory, now)));
            reservations.extend(changed.released_subject_digest.as_deref().map(release_subject));
            reservations.extend(changed.subject_digest.as_deref().map(take_subject));
            reservations
        }
        Event::Deleted(deleted) => {
            let user_name = release(USER_NAME, deleted.directory, &deleted.user_name_digest);
            let external_id = deleted.external_id_digest.iter();
            std::iter::once(user_name)
                .chain(external_id.map(|digest| release(EXTERNAL_ID, deleted.directory, digest)))
                .chain(deleted.subject_digest.as_deref().map(release_subject))
                .collect()
        }
        Event::Moved(_) | Event::GroupsChanged(_) => Vec::new(),
    }
}

/// A digest of a subject is unique by itself: the connection is part of what is digested.
fn take_subject(digest: &str) -> Reservation {
    Reservation::Take { scope: SUBJECT, key: digest.to_owned() }
}

fn release_subject(digest: &str) -> Reservation {
    Reservation::Release { scope: SUBJECT, key: digest.to_owned() }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}

fn take(scope: &'static str, directory: DirectoryId, digest: &str) -> Reservation {
    Reservation::Take { scope, key: unique_key(directory, digest) }
}

fn release(scope: &'static str, directory: DirectoryId, digest: &str) -> Reservation {
    Reservation::Release { scope, key: unique_key(directory, digest) }
}

/// The key of what is unique within a directory.
#[must_use]
pub fn unique_key(directory: DirectoryId, digest: &str) -> String {
    format!("{directory}/{digest}")
}
