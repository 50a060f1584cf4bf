use std::sync::Arc;

use tokio::sync::Semaphore;
use tonic::service::Routes;
use vestibule_host::{
    PublicUrl, Resources, Service,
    config::{ConfigError, Validate},
};
use vestibule_kernel::Clock;
use vestibule_rpc::{Channel, provisioning::v1::provisioning_service_client::ProvisioningServiceClient};

use crate::{
    Config,
    admission::Admission,
    http::router,
    limit::{ANSWER_BYTES_MAX, ASKED_AT_ONCE_MAX, BODIES_MAX},
};

/// The SCIM edge cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// What every request needs.
#[derive(Clone)]
pub(crate) struct Edge(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) registry: Channel,
    pub(crate) admission: Admission,
    /// Places for questions to the registry.
    pub(crate) asking: Semaphore,
    /// Places for bodies that are waited for.
    pub(crate) bodies: Semaphore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) public_url: PublicUrl,
}

impl Edge {
    pub(crate) fn registry(&self) -> ProvisioningServiceClient<Channel> {
        ProvisioningServiceClient::new(self.0.registry.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }
}

/// Starts the edge; `registry` is where the registry listens.
///
/// # Errors
/// [`StartError`].
pub fn start(resources: &Resources, config: &Config, registry: Channel) -> Result<Service, StartError> {
    config.validate()?;
    let clock = Arc::clone(&resources.clock);
    let edge = Edge(Arc::new(Inner {
        registry,
        admission: Admission::new(config.per_directory_second_max, clock.now()),
        asking: Semaphore::new(ASKED_AT_ONCE_MAX),
        bodies: Semaphore::new(BODIES_MAX),
        clock,
        public_url: resources.public_url.clone(),
    }));
    Ok(Service { name: "scim", grpc: Routes::default(), http: Some(router(edge)), readiness: Vec::new() })
}
