//! Directory: that of an organization which creates, changes and deactivates people itself, over SCIM. It belongs to one
//! connection, over which the people whom it makes sign in.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::{Command, Create};
pub use decide::{Directory, TOKENS_MAX, Terms, Token};
pub use event::{Configured, Created, Event, RolesFrom, Settings, SubjectFrom, TokenAdded, TokenRetired};
pub use rejection::Rejection;

/// Stream category of directories.
pub const CATEGORY: &str = "directory";
/// Unique across the deployment: the connection of a directory. Key: the connection's id.
pub const CONNECTION: &str = "directory.connection";
