use vestibule_kernel::{ConnectionId, DirectoryId, DirectoryTokenId, OrganizationId, Timestamp};

use super::Settings;

/// What can be asked of a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Begin to exist.
    Create(Create),
    /// Work by other settings from now on.
    Configure {
        /// The settings.
        settings: Settings,
        /// Whether it has users, who are found by what it said of them under the settings before: for the caller to see.
        has_users: bool,
    },
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
    /// How it is understood.
    pub settings: Settings,
}
