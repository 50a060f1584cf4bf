//! Signing key: a key that signs ID tokens towards Cognito, as far as relying parties and operators have to know of it. The
//! key itself is kept elsewhere; nothing of it is in an event.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::{Command, Standing};
pub use decide::{Life, SigningKey};
pub use event::{Activated, Event, Published, Removal, Removed, Retired};
pub use rejection::Rejection;

/// Stream category of signing keys. A stream's key is the key's id, which is the `kid` of tokens.
pub const CATEGORY: &str = "signing_key";
