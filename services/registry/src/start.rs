use std::sync::Arc;

use tonic::service::Routes;
use vestibule_host::{
    Readiness, Resources, Service,
    config::{ConfigError, Validate},
};
use vestibule_rpc::events::v1::event_service_server::EventServiceServer;
use vestibule_rpc::registry::v1::{
    claim_policy_service_server::ClaimPolicyServiceServer, connection_service_server::ConnectionServiceServer,
    domain_service_server::DomainServiceServer, organization_service_server::OrganizationServiceServer,
    person_service_server::PersonServiceServer, user_pool_service_server::UserPoolServiceServer,
};

use crate::{
    Config,
    app::Registry,
    directory::Directory,
    people::People,
    rpc::{Api, EventsApi},
};

/// The largest request: metadata of 512 KiB, and room for the rest.
const REQUEST_BYTES_MAX: usize = 640 * 1024;

/// The largest answer: a list of 1,000 connections with several certificates each.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The registry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Starts the registry: its directory begins to follow the log.
///
/// # Errors
/// [`StartError`].
pub async fn start(resources: &Resources, config: &Config) -> Result<Service, StartError> {
    config.validate()?;
    let directory = Directory::start(resources, config.list_wait_max());
    let people = People::start(resources, config.list_wait_max());
    let (listed, known) = (directory.clone(), people.clone());
    let readiness: Vec<Readiness> =
        vec![("directory", Arc::new(move || listed.check())), ("people", Arc::new(move || known.check()))];
    let api = Api::new(Registry::new(resources, directory, people));
    macro_rules! limited {
        ($server:ident) => {
            $server::new(api.clone())
                .max_decoding_message_size(REQUEST_BYTES_MAX)
                .max_encoding_message_size(ANSWER_BYTES_MAX)
        };
    }
    let grpc = Routes::new(limited!(OrganizationServiceServer))
        .add_service(limited!(DomainServiceServer))
        .add_service(limited!(ConnectionServiceServer))
        .add_service(limited!(PersonServiceServer))
        .add_service(limited!(UserPoolServiceServer))
        .add_service(limited!(ClaimPolicyServiceServer))
        .add_service(EventServiceServer::new(EventsApi::new(resources)).max_encoding_message_size(ANSWER_BYTES_MAX));
    Ok(Service { name: "registry", grpc, http: None, readiness })
}
