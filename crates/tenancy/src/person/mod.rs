//! Person: a human within one organization. The person's id is the `sub` that Cognito sees.

mod event;

pub use event::{Event, FirstSeen, Profile, Updated};

/// Stream category of people.
pub const CATEGORY: &str = "person";
/// Unique across the deployment: the subject of a connection. Key: a keyed digest over connection, subject source,
/// NameID format and exact value, never the value itself.
pub const SUBJECT: &str = "person.subject";
