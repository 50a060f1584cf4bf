use vestibule_kernel::{ConnectionId, DirectoryId, DirectoryTokenId, OrganizationId, Timestamp};

use super::{RolesFrom, SubjectFrom};

/// What can be asked of a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Begin to exist.
    Create(Create),
    /// Let in whoever presents the token with this digest, too.
    AddToken {
        /// Its id.
        token: DirectoryTokenId,
        /// SHA-256 over the token's text, lower-case hex.
        digest: String,
        /// The present.
        at: Timestamp,
    },
    /// Let in nobody any more with this token.
    RetireToken {
        /// Its id.
        token: DirectoryTokenId,
    },
}

/// What a directory begins with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Create {
    /// Its id.
    pub directory: DirectoryId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The connection over which its people sign in; of the organization: that is for the caller to see.
    pub connection: ConnectionId,
    /// Which attribute holds what the identity provider calls people at sign-in.
    pub subject: SubjectFrom,
    /// The Format of the NameID that it is, where the connection recognises people by the NameID.
    pub name_id_format: Option<String>,
    /// Where roles come from.
    pub roles: RolesFrom,
}
