//! What happens to our own keys towards an identity provider. The keys themselves are in no event.

use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Schema};
use vestibule_kernel::Timestamp;

/// What a key of ours is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyUse {
    /// It signs our requests and logout messages.
    Signing,
    /// It opens what is encrypted for us.
    Encryption,
}

impl KeyUse {
    /// Stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Encryption => "encryption",
        }
    }
}

/// A key of ours stands in our metadata from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeyAdded {
    /// Its id.
    pub key_id: String,
    /// What it is for.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// SHA-256 over its certificate's DER, lower-case hex.
    pub fingerprint: String,
    /// From when it is used. An identity provider that does not read our metadata by itself has to be given it before.
    pub active_from: Timestamp,
}

impl EventBody for KeyAdded {
    const SCHEMA: Schema = Schema::new("connection.key_added", 1, &[]);
}

/// A key of ours is used soon: whoever administers the identity provider has to have it by then.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeyActionRequired {
    /// Its id.
    pub key_id: String,
    /// It is used within so many days: 30, 14, 7, 3 or 1.
    pub days: u16,
    /// From when it is used.
    pub active_from: Timestamp,
}

impl EventBody for KeyActionRequired {
    const SCHEMA: Schema = Schema::new("connection.key_action_required", 1, &[]);
}

/// A key of ours is used from now on: it signs, or is the one to encrypt for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeyActivated {
    /// Its id.
    pub key_id: String,
}

impl EventBody for KeyActivated {
    const SCHEMA: Schema = Schema::new("connection.key_activated", 1, &[]);
}

/// A key of ours stands in our metadata no more: what is encrypted for it does not open.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeyRetired {
    /// Its id.
    pub key_id: String,
}

impl EventBody for KeyRetired {
    const SCHEMA: Schema = Schema::new("connection.key_retired", 1, &[]);
}

/// The private half of a key of ours that was retired is destroyed: what was encrypted for it can be opened by nobody.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeyDestroyed {
    /// Its id.
    pub key_id: String,
}

impl EventBody for KeyDestroyed {
    const SCHEMA: Schema = Schema::new("connection.key_destroyed", 1, &[]);
}
