use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Schema, domain_event};
use vestibule_kernel::Timestamp;

use crate::user_pool::SigningAlgorithm;

/// It stands in the key set from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Published {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// From when it signs, unless the one before it has to go earlier.
    pub signs_from: Timestamp,
}

impl EventBody for Published {
    const SCHEMA: Schema = Schema::new("signing_key.published", 1, &[]);
}

/// It signs from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Activated {}

impl EventBody for Activated {
    const SCHEMA: Schema = Schema::new("signing_key.activated", 1, &[]);
}

/// It signs no more; what it signed still verifies.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Retired {
    /// Until when it stands in the key set.
    pub published_until: Timestamp,
}

impl EventBody for Retired {
    const SCHEMA: Schema = Schema::new("signing_key.retired", 1, &[]);
}

/// Why a key stands in the key set no more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// Whatever it signed has expired.
    Schedule,
    /// An operator wanted it at once.
    Operator,
    /// It is not in the key table, and none of us took it out.
    Missing,
}

impl Removal {
    /// Stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Operator => "operator",
            Self::Missing => "missing",
        }
    }
}

/// It stands in the key set no more: what it signed does not verify.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Removed {
    /// Why.
    pub cause: Removal,
    /// When.
    pub removed_at: Timestamp,
    /// What the operator says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl EventBody for Removed {
    const SCHEMA: Schema = Schema::new("signing_key.removed", 1, &[]);
}

domain_event! {
    /// What can have happened to a signing key.
    pub enum Event {
        /// See [`Published`].
        Published(Published),
        /// See [`Activated`].
        Activated(Activated),
        /// See [`Retired`].
        Retired(Retired),
        /// See [`Removed`].
        Removed(Removed),
    }
}
