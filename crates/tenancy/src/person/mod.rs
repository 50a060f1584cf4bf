//! Person: a human within one organization. The person's id is the `sub` that Cognito sees.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::{Command, Recognise};
pub use decide::{Known, Person};
pub use event::{Event, FirstSeen, Profile, Updated};
pub use rejection::Rejection;

/// Stream category of people.
pub const CATEGORY: &str = "person";
/// Unique across the deployment: the subject of a connection. Key: a keyed digest over connection, subject source,
/// NameID format and exact value, never the value itself.
pub const SUBJECT: &str = "person.subject";
