//! Directory group: a group of a directory's users. The directory's administrators chose its name; it is not personal.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::Command;
pub use decide::{DirectoryGroup, Kept};
pub use event::{Changed, Created, Deleted, Event, MembersChanged};
pub use rejection::Rejection;

/// Stream category of groups of directories.
pub const CATEGORY: &str = "directory_group";
