//! Onboards the sandbox's organizations through the registry's public API, as an operator would, and only through it.
//!
//! Running it again changes nothing; after a restart it mends what a restart changes: the simulated identity providers
//! have new keys and perhaps new addresses, and the simulated Cognito has forgotten its client secret.

mod claims;
mod connection;
mod error;
mod organization;
mod user_pool;

pub use error::SeedError;

use vestibule_kernel::SecretString;
use vestibule_rpc::Channel;

use crate::{idp::IdentityProviders, roster::ORGANIZATIONS};

/// The user pool to register.
#[derive(Clone, Debug)]
pub struct PoolToRegister {
    /// The AWS region.
    pub region: String,
    /// Cognito's id of the pool.
    pub pool_id: String,
    /// The pool's domain as host and port.
    pub domain: String,
    /// The provider's name in the pool.
    pub provider_name: String,
    /// The demo application's client.
    pub app_client_id: String,
    /// Where the demo application begins a sign-in that somebody else asks for.
    pub initiate_login_uri: String,
    /// Where people go after they have signed out.
    pub post_logout_redirect_uri: String,
}

/// What the registry made of it.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// `userPools/{user_pool}`.
    pub user_pool: String,
    /// Cognito's client id at Vestibule.
    pub client_id: String,
    /// Cognito's client secret at Vestibule.
    pub client_secret: SecretString,
    /// The organizations, in the order of [`ORGANIZATIONS`].
    pub organizations: Vec<SeededOrganization>,
}

/// One organization in the registry.
#[derive(Clone, Debug)]
pub struct SeededOrganization {
    /// The organization code.
    pub slug: &'static str,
    /// `organizations/{organization}`.
    pub name: String,
    /// [`crate::roster::Login::path`] and `organizations/{organization}/connections/{connection}`.
    pub connections: Vec<(&'static str, String)>,
}

/// Registers the pool and onboards every organization.
///
/// # Errors
/// What the registry refuses, with the step that it refused.
pub async fn seed(
    registry: &Channel,
    pool: &PoolToRegister,
    identity_providers: &IdentityProviders,
) -> Result<Seeded, SeedError> {
    let registered = user_pool::register(registry, pool).await?;
    claims::choose(registry, &registered.name).await?;
    let mut organizations = Vec::new();
    for organization in ORGANIZATIONS {
        let name = organization::onboard(registry, organization, &registered.name).await?;
        let connections = connection::connect(registry, organization, &name, identity_providers).await?;
        organizations.push(SeededOrganization { slug: organization.slug, name, connections });
    }
    Ok(Seeded {
        user_pool: registered.name,
        client_id: registered.client_id,
        client_secret: registered.client_secret,
        organizations,
    })
}

/// A request id that a retry makes again: a UUID of version 8 (RFC 9562 section 5.8) out of what is asked for.
fn request_id(parts: &[&str]) -> String {
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts {
        digest.update(part.as_bytes());
        digest.update(&[0]);
    }
    let mut bytes = [0; 16];
    for (byte, digested) in bytes.iter_mut().zip(digest.finish().as_ref()) {
        *byte = *digested;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
