use serde_json::Value;
use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId, PersonId};

/// What can be asked of a directory's user.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Be what the directory says. Makes the user when there is none.
    Say(Said),
    /// Be a member of these groups, and of no other.
    JoinGroups {
        /// In any order.
        groups: Vec<DirectoryGroupId>,
    },
    /// Be gone.
    Delete {
        /// Whether groups are left behind that have the user as a member still.
        is_unfinished: bool,
    },
}

/// What a directory says of a user.
#[derive(Clone, PartialEq)]
pub struct Said {
    /// The user's id, for ever.
    pub user: DirectoryUserId,
    /// The directory, for ever.
    pub directory: DirectoryId,
    /// Who the user is.
    pub person: PersonId,
    /// The keyed digest of what the identity provider calls them at sign-in.
    ///
    /// `None` where the connection cannot tell: it stays as it was.
    pub subject_digest: Option<String>,
    /// The keyed digest of the folded user name.
    pub user_name_digest: String,
    /// The keyed digest of the directory's own id.
    pub external_id_digest: Option<String>,
    /// Whether the person may sign in.
    pub is_active: bool,
    /// Everything, as a SCIM document. Personal.
    pub document: Value,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").field("user", &self.user).field("is_active", &self.is_active).finish_non_exhaustive()
    }
}
