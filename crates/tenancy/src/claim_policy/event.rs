use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Schema, domain_event};

use super::{ClaimPolicy, Target};

/// The target has this policy now.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Replaced {
    /// What the policy belongs to; the same in every event of a stream.
    pub target: Target,
    /// The whole policy.
    pub policy: ClaimPolicy,
}

impl EventBody for Replaced {
    const SCHEMA: Schema = Schema::new("claim_policy.replaced", 1, &[]);
}

/// The target has no policy any more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Cleared {
    /// What the policy belonged to.
    pub target: Target,
}

impl EventBody for Cleared {
    const SCHEMA: Schema = Schema::new("claim_policy.cleared", 1, &[]);
}

domain_event! {
    /// What can have happened to a claim policy.
    pub enum Event {
        /// See [`Replaced`].
        Replaced(Replaced),
        /// See [`Cleared`].
        Cleared(Cleared),
    }
}

impl Event {
    /// What the policy belongs to.
    #[must_use]
    pub const fn target(&self) -> &Target {
        match self {
            Self::Replaced(replaced) => &replaced.target,
            Self::Cleared(cleared) => &cleared.target,
        }
    }
}
