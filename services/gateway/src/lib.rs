//! The HTTP edge of Vestibule: OpenID provider towards Cognito, assertion consumer service towards identity providers, and
//! the few pages that a person may see in between.
//!
//! The gateway decides nothing about organizations or assertions: it asks routing and saml over gRPC, keeps the sign-in
//! sealed in the browser while the person is away, and hands Cognito a code. It writes two things: records that expire
//! and are sealed under what finds them, and, when a code is redeemed, one event in the stream of the assertion.
//!
//! [`start`] reads keys and user pools and answers what a process serves.

mod config;
mod cookie;
mod directory;
mod entity;
mod gateway;
mod grpc;
mod http;
mod keyring;
mod limit;
mod logout;
mod page;
mod peer;
mod pending;
mod record;
mod recorder;
mod refusal;
mod report;
mod route;
mod telemetry;

use std::{sync::Arc, time::Duration};

use tonic::service::Routes;
use vestibule_host::{Readiness, Resources, Service, config::Validate};
use vestibule_rpc::gateway::v1::{
    sign_in_service_server::SignInServiceServer, signing_key_service_server::SigningKeyServiceServer,
};

pub use config::Config;
pub use gateway::{Peers, StartError};
pub use keyring::{Failed, SigningKeyJob};

use gateway::Gateway;
use grpc::{SignInApi, SigningKeyApi};
use http::router;

/// How old the memory of user pools may be before the gateway counts as not ready: others may have been registered, or
/// secrets retired, since.
const DIRECTORY_AGE_MAX: Duration = Duration::from_secs(30);

/// Starts the gateway; it runs until `resources.stop`.
///
/// # Errors
/// [`StartError`].
pub async fn start(resources: &Resources, config: &Config, peers: Peers) -> Result<Service, StartError> {
    config.validate()?;
    let gateway = Gateway::start(resources, config, peers).await?;
    let (watched, keyring) = (gateway.clone(), Arc::clone(&gateway.keyring));
    let pools = move || watched.readiness();
    let keys = move || keyring.readiness();
    let readiness: Vec<Readiness> = vec![("user pools", Arc::new(pools)), ("signing keys", Arc::new(keys))];
    let mut grpc = Routes::new(SignInServiceServer::new(SignInApi::new(gateway.clone())));
    grpc = grpc.add_service(SigningKeyServiceServer::new(SigningKeyApi::new(gateway.clone())));
    Ok(Service { name: "gateway", grpc, http: Some(router(gateway)), readiness })
}

/// Destroys the keys that nobody needs any more, whatever gateways are set to. For a process that may: the gateway itself only
/// adds keys.
///
/// # Errors
/// [`Failed`]; what is left is destroyed the next time.
pub async fn destroy_old_keys(resources: &Resources) -> Result<(), Failed> {
    Ok(keyring::destroy_old(resources, config::SLOWEST).await?)
}
