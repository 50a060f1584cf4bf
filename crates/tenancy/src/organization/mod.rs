//! Organization: one customer of the SaaS.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::{Command, Create, Update};
pub use decide::{Organization, Terms};
pub use event::{Change, Created, Event, Placement, Reinstated, Suspended, Updated};
pub use rejection::Rejection;

/// Stream category of organizations.
pub const CATEGORY: &str = "organization";
/// Unique across the deployment: the short name that people type.
pub const SLUG: &str = "organization.slug";
/// Unique across the deployment: the SaaS's own id of its customer.
pub const EXTERNAL_ID: &str = "organization.external_id";
