use std::sync::Arc;

use tonic::service::Routes;
use vestibule_eventlog::ViewStopped;
use vestibule_host::{
    Readiness, Resources, Service,
    config::{ConfigError, Validate},
    work,
};
use vestibule_rpc::{Channel, saml::v1::saml_service_server::SamlServiceServer};
use vestibule_storage::{KeyError, TestSignIns};

use crate::{
    Config,
    accept::Acceptor,
    credential::{Credentials, destroy_retired},
    decryption::Decryptions,
    directory::Directory,
    key_schedule::{KeyJob, ROUND_EVERY},
    logout::{SESSION_KEY, SESSION_KEYS_KEPT, SessionIndex, SessionSeal},
    notice::Notices,
    promotion::Promotions,
    rpc::Api,
    second_opinion::SecondOpinion,
};

/// The largest request: metadata of 512 KiB or a Response of 128 KiB in base64, and room for the rest.
const REQUEST_BYTES_MAX: usize = 640 * 1024;

/// The largest answer: an identity with 512 groups of 2,048 characters.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The SAML service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The directory stopped before it was complete.
    #[error("the directory of connections cannot be built")]
    Directory(#[from] ViewStopped),
}

/// Destroys the keys that nobody needs any more: those whose sealed sessions are too old, and those towards identity providers
/// that our metadata does not tell any more. For a process that may.
///
/// # Errors
/// [`KeyError`]; what is left is destroyed the next time.
pub async fn destroy_old_keys(resources: &Resources) -> Result<(), KeyError> {
    resources.keys.prune(SESSION_KEY, "", SESSION_KEYS_KEPT).await?;
    destroy_retired(&resources.keys, &*resources.clock).await
}

/// Starts the service; returns when it knows everything that is in the log. The registry, where it is known, is told of
/// signatures that verify with no trusted certificate.
///
/// # Errors
/// [`StartError`].
pub async fn start(resources: &Resources, config: &Config, registry: Option<Channel>) -> Result<Service, StartError> {
    config.validate()?;
    let directory = Arc::new(Directory::start(resources));
    directory.view().caught_up().await?;
    let (followed, clock) = (Arc::clone(&directory), Arc::clone(&resources.clock));
    let readiness: Readiness = ("directory", Arc::new(move || followed.check(clock.now())));
    let acceptor =
        Acceptor { log: resources.log.clone(), keys: resources.keys.clone(), ids: Arc::clone(&resources.ids) };
    let keys = resources.keys.clone();
    let session_index =
        SessionIndex { log: resources.log.clone(), records: Arc::clone(&resources.expiring), keys: keys.clone() };
    let credentials = Credentials::new(keys.clone(), Arc::clone(&resources.clock), config.key_overlap());
    let credentials = Arc::new(credentials);
    let job = KeyJob::over(resources, config, Arc::clone(&directory), Arc::clone(&credentials));
    work(resources, ROUND_EVERY, job);
    let second_opinion = SecondOpinion::start(config, &resources.stop);
    let mut readiness = vec![readiness];
    readiness.extend(second_opinion.as_ref().and_then(SecondOpinion::readiness));
    let api = Api {
        directory,
        acceptor,
        test_sign_ins: TestSignIns::new(Arc::clone(&resources.expiring)),
        sessions: SessionSeal(keys),
        session_index,
        credentials,
        promotions: Promotions::new(resources.log.clone()),
        clock: Arc::clone(&resources.clock),
        ids: Arc::clone(&resources.ids),
        skew: config.clock_skew(),
        decryptions: Decryptions::new(),
        second_opinion,
        notices: Notices::new(registry, Arc::clone(&resources.clock)),
    };
    let server = SamlServiceServer::new(api)
        .max_decoding_message_size(REQUEST_BYTES_MAX)
        .max_encoding_message_size(ANSWER_BYTES_MAX);
    Ok(Service { name: "saml", grpc: Routes::new(server), http: None, readiness })
}
