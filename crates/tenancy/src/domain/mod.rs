//! Domain: a DNS name that an organization claims, and perhaps has proven to own.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::Command;
pub use decide::{Claim, Domain, Ownership};
pub use event::{Claimed, Event, Proof, Released, Verified};
pub use rejection::Rejection;

/// Stream category of domains: one stream for each claim of a name by an organization.
pub const CATEGORY: &str = "domain";
/// Unique across the deployment: a verified name has one owner. Key: the name in A-label form.
pub const VERIFIED_NAME: &str = "domain.verified_name";
/// Unique within an organization: one claim for each name. Key: `organization/name`.
pub const CLAIMED_NAME: &str = "domain.claimed_name";
