use vestibule_kernel::{ConnectionId, OrganizationId, PersonId};

use super::Profile;

/// What can be asked of a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Be the one whom an accepted assertion names.
    Recognise(Recognise),
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
}
