//! Assertion: what an identity provider said once, accepted once, redeemed once.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::Command;
pub use decide::Assertion;
pub use event::{Accepted, Event, Redeemed};
pub use rejection::Rejection;

/// Stream category of assertions: partitioned by the month of the assertion's `IssueInstant`, keyed by a digest of
/// connection and assertion id.
pub const CATEGORY: &str = "assertion";
/// Unique across the deployment: a request of ours is answered once. Key: `connection/request id`.
pub const REQUEST: &str = "assertion.request";
