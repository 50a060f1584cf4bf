//! Claim policies between contract, log and domain: what the registry, which saves them, and the enrichment service, which
//! shows what they would do, must not read in two ways.
//!
//! - [`target`] and [`policy_name`]: resource names; [`stream`]: where the history of a policy is.
//! - [`read`] and [`message`]: the policy as the gRPC interface has it.
//! - [`above`]: the saved policies that a policy is laid over; [`checked`]: whether it may be saved.

mod name;
mod read;
mod refusal;
mod saved;
mod value;
mod write;

pub use name::{policy_name, stream, target};
pub use read::{UnknownValue, event_version, read};
pub use refusal::{InvalidPolicy, checked};
pub use saved::{Owner, above, owner, saved};
pub use value::{from_json, to_json};
pub use write::{event_version_message, message, notice, notices};
