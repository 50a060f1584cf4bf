use vestibule_kernel::Timestamp;

use crate::{Note, user_pool::SigningAlgorithm};

/// What can be asked of a signing key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Note where it stands by the schedule.
    Note {
        /// What it signs with.
        algorithm: SigningAlgorithm,
        /// From when it signs.
        signs_from: Timestamp,
        /// Where it stands.
        standing: Standing,
        /// The present.
        now: Timestamp,
    },
    /// Note that it is not there any more, and nobody removed it.
    NoteMissing {
        /// The present.
        now: Timestamp,
    },
    /// Take it out of the key set at once: somebody else may have it.
    Revoke {
        /// Why.
        note: Note,
        /// The present.
        now: Timestamp,
    },
}

/// Where a key stands by the schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It is published and does not sign yet.
    Next,
    /// It signs.
    Signing,
    /// Another one signs; what it signed still verifies.
    Retired {
        /// Until when it is published.
        published_until: Timestamp,
    },
    /// It is published no more.
    Gone,
}
