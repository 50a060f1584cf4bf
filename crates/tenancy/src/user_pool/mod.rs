//! User pool: a Cognito user pool in its role as our OpenID Connect relying party.

mod command;
mod decide;
mod event;
mod rejection;

pub use command::{Command, NewSecret, Register, Update};
pub use decide::{CLIENT_SECRETS_MAX, ClientSecret, DOMAINS_MAX, POST_LOGOUT_REDIRECT_URIS_MAX, Terms, UserPool};
pub use event::{Event, Registered, SecretAdded, SecretRetired, SigningAlgorithm, Updated};
pub use rejection::Rejection;

/// Stream category of user pools.
pub const CATEGORY: &str = "user_pool";
/// Unique across the deployment: Cognito's own id of the pool.
pub const POOL_ID: &str = "user_pool.pool_id";
/// Unique across the deployment: the client id under which the pool speaks to us.
pub const CLIENT_ID: &str = "user_pool.client_id";
