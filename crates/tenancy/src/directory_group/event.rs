use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Schema, domain_event};
use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId};

/// The directory has a group.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Created {
    /// Its id.
    pub group: DirectoryGroupId,
    /// The directory.
    pub directory: DirectoryId,
    /// Its name.
    pub display_name: String,
    /// The directory's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

impl EventBody for Created {
    const SCHEMA: Schema = Schema::new("directory_group.created", 1, &[]);
}

/// The group is called something else.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Changed {
    /// The directory.
    pub directory: DirectoryId,
    /// Its name.
    pub display_name: String,
    /// The directory's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it means for the members is recorded later.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_unfinished: bool,
}

impl EventBody for Changed {
    const SCHEMA: Schema = Schema::new("directory_group.changed", 1, &[]);
}

/// Members came or went.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MembersChanged {
    /// Who came, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<DirectoryUserId>,
    /// Who went, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<DirectoryUserId>,
    /// What it means for those who came and went is recorded later.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_unfinished: bool,
}

impl EventBody for MembersChanged {
    const SCHEMA: Schema = Schema::new("directory_group.members_changed", 1, &[]);
}

/// The directory has the group no more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Deleted {
    /// The directory.
    pub directory: DirectoryId,
}

impl EventBody for Deleted {
    const SCHEMA: Schema = Schema::new("directory_group.deleted", 1, &[]);
}

domain_event! {
    /// What can have happened to a directory's group.
    pub enum Event {
        /// See [`Created`].
        Created(Created),
        /// See [`Changed`].
        Changed(Changed),
        /// See [`MembersChanged`].
        MembersChanged(MembersChanged),
        /// See [`Deleted`].
        Deleted(Deleted),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}
