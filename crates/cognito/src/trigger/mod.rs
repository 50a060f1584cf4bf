//! Events of Lambda triggers.

mod error;
mod event;
mod identity;
mod token_generation;

pub use error::{ReservedClaim, TriggerError};
pub use event::TriggerEvent;
pub use identity::{Identity, parse_identities};
pub use token_generation::{ClaimsOverride, PreTokenGeneration};
