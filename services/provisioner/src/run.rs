use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use vestibule_bus_nats::{Authentication, ConnectError, ConsumerSettings, NatsSource, Settings, StreamSettings};
use vestibule_consumer::consume;
use vestibule_host::{
    Readiness, Service, TlsError,
    access::{self, Access, TokenError},
    config::ConfigError,
    grpc::{self, GrpcError},
    peers::{self, PeerError},
};
use vestibule_kernel::{Chain, SystemClock};

use crate::{
    Provide, Provisioner, Registry, Unusable,
    config::Config,
    limit::{ONCE_WAIT_MAX, WAIT_MAX},
};

/// Seconds of an hour.
const HOUR: u64 = 3_600;

/// The program cannot begin, or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The configuration contradicts itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The registry cannot be connected as configured.
    #[error("the registry cannot be connected as configured")]
    Registry(#[source] PeerError),
    /// The registry's token cannot be read.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A SCIM service cannot be used as configured.
    #[error("the SCIM service {name} cannot be used as configured")]
    Target {
        /// Which.
        name: String,
        /// Why not.
        source: Unusable,
    },
    /// NATS cannot be used as configured.
    #[error(transparent)]
    Nats(#[from] ConnectError),
    /// TLS cannot be used as configured.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Health cannot be told.
    #[error(transparent)]
    Health(#[from] GrpcError),
    /// A reconciliation ended with differences.
    #[error("not everybody is in {0} as the registry knows them; the log says who, and why")]
    Differs(String),
}

/// Compares everything once, and waits for what cannot be had for some minutes only.
///
/// # Errors
/// [`RunError`], also where something still differs at the end.
pub async fn run_once(config: &Config, stop: &CancellationToken) -> Result<(), RunError> {
    let mut differs = Vec::new();
    for provisioner in provisioners(config)? {
        let provisioner = provisioner.with_wait_max(ONCE_WAIT_MAX);
        match stop.run_until_cancelled(provisioner.reconcile()).await {
            Some(Ok(summary)) if summary.failed == 0 => {}
            Some(Ok(_)) | None => differs.push(provisioner.name.clone()),
            Some(Err(error)) => {
                tracing::error!(service = provisioner.name, error = %Chain(&error), "not reconciled");
                differs.push(provisioner.name.clone());
            }
        }
    }
    if differs.is_empty() { Ok(()) } else { Err(RunError::Differs(differs.join(", "))) }
}

/// Follows the events, and compares everything at the start and now and then, until `stop`.
///
/// # Errors
/// [`RunError`]: the configuration cannot be used. That something does not answer is no error.
pub async fn run(config: &Config, stop: CancellationToken) -> Result<(), RunError> {
    let provisioners: Vec<_> = provisioners(config)?.into_iter().map(Arc::new).collect();
    let bound = grpc::bind(&config.grpc).await?;
    let registry = access::read_token(&config.registry.token_file)?;
    let service = config.grpc.service_token_file.as_deref().map(access::read_token).transpose()?;
    tracing::info!(health = %bound.address(), services = provisioners.len(), "provisions");

    let mut running = JoinSet::new();
    for provisioner in &provisioners {
        let mut source = NatsSource::connect(consumer(config, provisioner)).await?;
        let (memory, handler, stopped) = (source.handled(), Provide::new(Arc::clone(provisioner)), stop.clone());
        running.spawn(async move { consume(&mut source, &handler, &memory, &stopped).await });
        running.spawn(keep_reconciled(Arc::clone(provisioner), config.reconcile_hours, stop.clone()));
    }
    let health = Service {
        name: "provisioner",
        grpc: Routes::default(),
        http: None,
        readiness: provisioners.into_iter().map(readiness).collect(),
    };
    let serving = async {
        let served = bound.serve(&[health], Access::new(service.as_ref(), &registry), stop.clone()).await;
        stop.cancel();
        served
    };
    let watching = async {
        // None ends by itself: without one of them the process must not look alive.
        running.join_next().await;
        stop.cancel();
        while running.join_next().await.is_some() {}
    };
    Ok(tokio::join!(serving, watching).0?)
}

async fn keep_reconciled(provisioner: Arc<Provisioner>, hours: u64, stop: CancellationToken) {
    loop {
        let wait = match stop.run_until_cancelled(provisioner.reconcile()).await {
            None => return,
            Some(Ok(_)) if hours == 0 => return stop.cancelled().await,
            Some(Ok(_)) => Duration::from_secs(hours * HOUR),
            Some(Err(error)) => {
                let error = Chain(&error).to_string();
                tracing::error!(service = provisioner.name, error, "not reconciled");
                provisioner.status.troubled(&error);
                WAIT_MAX
            }
        };
        if stop.run_until_cancelled(sleep(wait)).await.is_none() {
            return;
        }
    }
}

fn provisioners(config: &Config) -> Result<Vec<Provisioner>, RunError> {
    let registry = &config.registry;
    let channel = peers::connect(&registry.address, registry.authority_file.as_deref(), Some(&registry.token_file));
    let directory = Arc::new(Registry::new(channel.map_err(RunError::Registry)?));
    let targets = config.targets.iter().zip(config.served()?);
    let provisioners = targets.map(|(target, served)| {
        let made = Provisioner::new(target, served, directory.clone(), Arc::new(SystemClock));
        made.map_err(|source| RunError::Target { name: target.name.clone(), source })
    });
    provisioners.collect()
}

fn readiness(provisioner: Arc<Provisioner>) -> Readiness {
    ("SCIM service", Arc::new(move || provisioner.ready().map_err(|why| format!("{}: {why}", provisioner.name))))
}

/// Each service has a consumer of its own: one that is away keeps no other waiting.
fn consumer(config: &Config, provisioner: &Provisioner) -> ConsumerSettings {
    let nats = &config.nats;
    let authentication = match (&nats.credentials_file, &nats.nkey_seed_file) {
        (Some(file), _) => Authentication::CredentialsFile(file.clone()),
        (None, Some(file)) => Authentication::NkeySeedFile(file.clone()),
        (None, None) => Authentication::Anonymous,
    };
    ConsumerSettings {
        bus: Settings {
            url: nats.url.clone(),
            authentication,
            authority_file: nats.authority_file.clone(),
            client_certificate: nats.certificate_file.clone().zip(nats.key_file.clone()),
            stream: StreamSettings {
                name: nats.stream.clone(),
                subjects: format!("vestibule.{}.>", config.environment),
                replicas: nats.replicas,
                max_age: Duration::from_secs(nats.retention_hours * HOUR),
                // The registry makes the stream; these are its business.
                max_bytes: -1,
                dedupe_window: Duration::ZERO,
            },
        },
        name: format!("provisioner-{}", provisioner.name),
        subjects: provisioner.served.subjects(&config.environment),
    }
}
