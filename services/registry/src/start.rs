use std::sync::Arc;

use tonic::service::Routes;
use vestibule_fetch::Fetcher;
use vestibule_host::{
    Readiness, Resources, Service,
    config::{ConfigError, Validate},
    work,
};
use vestibule_rpc::events::v1::event_service_server::EventServiceServer;
use vestibule_rpc::provisioning::v1::provisioning_service_server::ProvisioningServiceServer;
use vestibule_rpc::registry::v1::{
    certificate_service_server::CertificateServiceServer, claim_policy_service_server::ClaimPolicyServiceServer,
    connection_service_server::ConnectionServiceServer, directory_service_server::DirectoryServiceServer,
    domain_service_server::DomainServiceServer, onboarding_service_server::OnboardingServiceServer,
    organization_service_server::OrganizationServiceServer, person_service_server::PersonServiceServer,
    user_pool_service_server::UserPoolServiceServer,
};

use crate::{
    Config,
    app::Registry,
    certificates::Certificates,
    directory::Directory,
    metadata::{MetadataJob, ROUND_EVERY as METADATA_EVERY, Refresher},
    onboarding::{Onboardings, Process},
    people::People,
    provisioning::Provisioning,
    rpc::{Api, EventsApi},
    worker::{CERTIFICATES_EVERY, CertificateJob},
};

/// The largest request: metadata of 512 KiB, and room for the rest.
const REQUEST_BYTES_MAX: usize = 640 * 1024;

/// The largest answer: a list of 1,000 connections with several certificates each.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The largest request of the SCIM edge: a body of 1 MiB, and room for the rest.
const PROVISIONING_BYTES_MAX: usize = 1024 * 1024 + 64 * 1024;

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
    let certificates = Certificates::start(resources, config.list_wait_max());
    work(resources, CERTIFICATES_EVERY, CertificateJob::over(resources, certificates.clone()));
    let (listed, known, lives) = (directory.clone(), people.clone(), certificates.clone());
    let mut readiness: Vec<Readiness> = vec![
        ("directory", Arc::new(move || listed.check())),
        ("people", Arc::new(move || known.check())),
        ("certificates", Arc::new(move || lives.check())),
    ];
    let onboardings = Onboardings::start(resources, directory.clone(), config.list_wait_max());
    let (process, recorded) = (Process::start(resources, onboardings.clone()), onboardings.clone());
    readiness.push(("onboarding", Arc::new(move || recorded.check().and_then(|()| process.check()))));
    let refresher = Arc::new(Refresher::new(resources, Fetcher::new(config.fetching())));
    work(resources, METADATA_EVERY, MetadataJob::over(resources, Arc::clone(&refresher), certificates.clone()));
    let api = Api::new(Registry::new(resources, directory, people, certificates, onboardings, refresher));
    let provisioning = Provisioning::start(resources);
    let provisioned = provisioning.follow(resources);
    readiness.push(("provisioning", Arc::new(move || provisioned.check())));
    let events = EventsApi::new(resources, config);
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
        .add_service(limited!(CertificateServiceServer))
        .add_service(limited!(OnboardingServiceServer))
        .add_service(DirectoryServiceServer::new(provisioning.clone()))
        .add_service(
            ProvisioningServiceServer::new(provisioning)
                .max_decoding_message_size(PROVISIONING_BYTES_MAX)
                .max_encoding_message_size(ANSWER_BYTES_MAX),
        )
        .add_service(EventServiceServer::new(events).max_encoding_message_size(ANSWER_BYTES_MAX));
    Ok(Service { name: "registry", grpc, http: None, readiness })
}
