//! Settings of connections between contract and domain: what the registry, which saves them, and the SAML service, which
//! shows what they would do, must not read in two ways.

mod choice;
mod invalid;
mod message;
mod patch;

pub(crate) use invalid::UPDATE_MASK;
pub use invalid::{Invalid, InvalidSettings};
pub use message::message;
pub use patch::{Patch, fields};
