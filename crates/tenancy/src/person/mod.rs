//! Person: a human within one organization. The person's id is the `sub` that Cognito sees.
//!
//! A person is found by the subject at a connection, or as a native user of a user pool, and never by an e-mail address.
//! The same human over two connections is two persons until somebody re-links one of them; the other is then
//! superseded, for good.

mod command;
mod decide;
mod event;
mod profile;
mod provision;
mod rejection;

pub use command::{Command, LinkNativeUser, Provision, Recognise};
pub use decide::{Known, NativeUser, Person, Subject};
pub use event::{
    Deactivated, Event, FirstSeen, NativeUserLinked, NativeUserUnlinked, Reactivated, Relinked, RolesChanged, SignedIn,
    SignedOut, Superseded, Updated, logout_request_key, native_user_key,
};
pub use profile::Profile;
pub use rejection::Rejection;

/// Stream category of people.
pub const CATEGORY: &str = "person";
/// Unique across the deployment: the subject of a connection. Key: a keyed digest over connection, subject source,
/// NameID format and exact value, never the value itself.
pub const SUBJECT: &str = "person.subject";
/// Unique across the deployment: the native user of a user pool. Key: [`native_user_key`].
pub const NATIVE_USER: &str = "person.native_user";
/// Unique across the deployment: a LogoutRequest that was heard. Key: the connection, `/`, the digest of the request's ID.
pub const LOGOUT_REQUEST: &str = "person.logout_request";
