use vestibule_kernel::{ConnectionId, DirectoryId, OrganizationId, PersonId, UserPoolId};

use super::Profile;
use crate::{NativeUserId, Note, Role};

/// What can be asked of a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Be the one whom an accepted assertion names.
    Recognise(Recognise),
    /// Be the one whom a directory has as its user. Makes the person when there is none.
    Provision(Provision),
    /// Have the roles that a directory's groups mean.
    AssignRoles {
        /// The directory.
        directory: DirectoryId,
        /// Its connection.
        connection: ConnectionId,
        /// All of them; order and repetition do not matter.
        roles: Vec<Role>,
    },
    /// Have the roles that are asserted at sign-in again, from the next one on; those that the directory's groups meant stay
    /// until then.
    ReleaseRoles {
        /// The directory.
        directory: DirectoryId,
    },
    /// Be no user of a directory any more: sign in no more, get no tokens, and have no roles by its groups.
    Deprovision {
        /// The directory.
        directory: DirectoryId,
        /// Its connection.
        connection: ConnectionId,
    },
    /// Sign in no more, and get no tokens.
    Deactivate {
        /// Why.
        note: Note,
    },
    /// Sign in again.
    Reactivate,
    /// Be found by another subject from now on; the one before is free again.
    Relink {
        /// The connection of the new subject, of the person's own organization: that is for the caller to see.
        connection: ConnectionId,
        /// The keyed digest of the new subject.
        subject_digest: String,
    },
    /// Be nobody any more, because the person is another one, too; the subject is free for that one.
    Supersede {
        /// Who the person is; of the same organization: that is for the caller to see.
        by: PersonId,
    },
    /// Get no tokens until the next sign-in.
    SignOut {
        /// The connection that was signed out of.
        connection: ConnectionId,
        /// The digest of the LogoutRequest that asked for it, hexadecimal: each is heard once, and recorded even when the
        /// person is signed out already. `None` when nobody else asked.
        request_digest: Option<String>,
    },
    /// Be the one whom a user pool knows as a user of its own. Makes the person when there is none.
    LinkNativeUser(LinkNativeUser),
    /// Be that user no more.
    UnlinkNativeUser {
        /// The pool.
        user_pool: UserPoolId,
    },
}

/// Whom an accepted assertion names, and what it says of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recognise {
    /// The person: a new id when the subject is not known.
    pub person: PersonId,
    /// The organization of the connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The keyed digest of the subject.
    pub subject_digest: String,
    /// What the identity provider says.
    pub profile: Profile,
    /// What its groups mean in the SaaS's vocabulary; order and repetition do not matter.
    pub roles: Vec<Role>,
}

/// What a directory says of a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provision {
    /// The person: a new id when the subject is not known.
    pub person: PersonId,
    /// The organization of the directory.
    pub organization: OrganizationId,
    /// The directory.
    pub directory: DirectoryId,
    /// Its connection.
    pub connection: ConnectionId,
    /// The keyed digest of what the identity provider will call the person at sign-in.
    pub subject_digest: String,
    /// What the directory says; `None` when that is what it said before.
    pub profile: Option<Profile>,
    /// The roles, where they come from the directory's groups.
    pub roles: Option<Vec<Role>>,
    /// Whether the person may sign in.
    pub is_active: bool,
}

/// The user of a user pool's own who is a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkNativeUser {
    /// The person: a new id for a person who is not known.
    pub person: PersonId,
    /// The organization.
    pub organization: OrganizationId,
    /// The pool; that the organization's people live there is for the caller to see.
    pub user_pool: UserPoolId,
    /// Its `sub` in the pool.
    pub native_user: NativeUserId,
}
