use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use crate::Note;

/// What can be asked of an onboarding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// See what is so.
    Observe {
        /// The connection.
        connection: ConnectionId,
        /// Whose it is.
        organization: OrganizationId,
        /// What is so.
        facts: Facts,
        /// The present.
        now: Timestamp,
    },
    /// Somebody has looked at the mapping and says that it is right.
    ReviewMapping {
        /// Which mapping: see [`Facts::mapping`].
        mapping: String,
        /// The present.
        now: Timestamp,
    },
    /// Let people sign in.
    GoLive(GoLive),
}

/// Letting people sign in through a connection that nobody signs in through yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GoLive {
    /// The connection.
    pub connection: ConnectionId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What is so before it.
    pub facts: Facts,
    /// Why, although steps are not done.
    pub override_note: Option<Note>,
    /// The present.
    pub now: Timestamp,
}

/// What is so now of an organization and one of its connections.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is so without the others")]
pub struct Facts {
    /// The organization owns a verified domain.
    pub domain_verified: bool,
    /// The connection has the metadata of an identity provider.
    pub metadata_imported: bool,
    /// One of its trusted certificates is valid now.
    pub certificate_valid: bool,
    /// Tells this mapping apart from every other: a digest of the settings that make it.
    pub mapping: String,
    /// A test sign-in passed with the settings as they are.
    pub tested: bool,
    /// People may sign in.
    pub enabled: bool,
}
