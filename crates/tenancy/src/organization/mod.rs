//! Organization: one customer of the SaaS.

mod command;
mod decide;
mod event;
mod placement;
mod rejection;

pub use command::{Command, Create, Update};
pub use decide::{Organization, Terms};
pub use event::{Change, Created, Event, Reinstated, Suspended, Updated};
pub use placement::{ForeignEmail, Placement};
pub use rejection::Rejection;

/// Stream category of organizations.
pub const CATEGORY: &str = "organization";
/// Unique across the deployment: the short name that people type.
pub const SLUG: &str = "organization.slug";
/// Unique across the deployment: the SaaS's own id of its customer.
pub const EXTERNAL_ID: &str = "organization.external_id";
/// Unique across the deployment: the pool that is an organization's own. Key: our id of the pool.
pub const OWN_POOL: &str = "organization.own_pool";
/// Unique across the deployment: the app client that is an organization's own. Key: our id of the pool, `/`, the client's id.
pub const APP_CLIENT: &str = "organization.app_client";
