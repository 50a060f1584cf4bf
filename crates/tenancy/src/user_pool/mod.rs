//! User pool: a Cognito user pool in its role as our OpenID Connect relying party.

mod event;

pub use event::{Event, Registered, SecretAdded, SecretRetired, SigningAlgorithm, Updated};

/// Stream category of user pools.
pub const CATEGORY: &str = "user_pool";
/// Unique across the deployment: Cognito's own id of the pool.
pub const POOL_ID: &str = "user_pool.pool_id";
/// Unique across the deployment: the client id under which the pool speaks to us.
pub const CLIENT_ID: &str = "user_pool.client_id";
