//! Directory user: what a directory says of a person, and whether it has them. What it means for the person is the
//! person's own aggregate to say.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::{Command, Said};
pub use decide::{DirectoryUser, Kept};
pub use event::{Changed, Created, Deleted, Event, GroupsChanged, Moved, unique_key};
pub use rejection::Rejection;

/// Stream category of users of directories.
pub const CATEGORY: &str = "directory_user";
/// Unique across the deployment: a user's name in a directory. Key: [`unique_key`] with a keyed digest of it, folded.
pub const USER_NAME: &str = "directory_user.user_name";
/// Unique across the deployment: whom a user is at sign-in, so that of several users of one person it is known which one
/// speaks for them. Key: the keyed digest of the subject.
pub const SUBJECT: &str = "directory_user.subject";
/// Unique across the deployment: a directory's own id of a user. Key: [`unique_key`] with a keyed digest of it.
pub const EXTERNAL_ID: &str = "directory_user.external_id";
