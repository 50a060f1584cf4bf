//! What SCIM clients send, held against RFC 7643 and RFC 7644.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test fails where it stands, and says `json!` where it is used"
)]

mod document;
mod filter;
mod hostile;
mod patch;
mod projection;
mod search;

use serde_json::{Value, json};
use vestibule_scim::{Document, ResourceType, USER_URN};

fn user(said: Value) -> Document {
    let mut said = said;
    said["schemas"] = json!([USER_URN]);
    ResourceType::User.document(&said).unwrap()
}

fn ada() -> Document {
    user(json!({
        "userName": "ada@acme.test",
        "externalId": "00u1",
        "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "displayName": "Ada Lovelace",
        "active": true,
        "emails": [
            { "value": "ada@acme.test", "type": "work", "primary": true },
            { "value": "ada@home.test", "type": "home" },
        ],
    }))
}
