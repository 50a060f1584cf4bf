//! `vestibule serve`: a process that serves until a signal.

use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::snapshot::SnapshotOf;
use vestibule_host::{Resources, Service, access, grpc, http, keep_snapshots, telemetry};
use vestibule_kernel::{Chain, SystemClock, SystemIds};

use crate::{cli::ServiceName, config::Config, nats, output::note, start};

/// How often keys are looked after.
const KEYS_EVERY: Duration = Duration::from_mins(10);

/// The ports of a process, taken and not answering yet.
pub(crate) struct Ports {
    grpc: grpc::Bound,
    http: Option<http::Bound>,
}

impl Ports {
    /// Takes the ports; that of HTTP only where it is served.
    pub(crate) async fn take(config: &Config, with_http: bool) -> anyhow::Result<Self> {
        let http = if with_http { Some(http::bind(&config.http)?) } else { None };
        Ok(Self { grpc: grpc::bind(&config.grpc).await?, http })
    }

    pub(crate) const fn grpc_address(&self) -> SocketAddr {
        self.grpc.address()
    }

    pub(crate) fn http_address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(http::Bound::address)
    }

    /// Serves until `stop`, then until what runs has ended.
    pub(crate) async fn serve(
        self,
        mut services: Vec<Service>,
        access: access::Access,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let readiness: Vec<_> = services.iter().flat_map(|service| service.readiness.clone()).collect();
        let routes = services.iter_mut().filter_map(|service| service.http.take()).reduce(Router::merge);
        let serving_http = async {
            match (self.http, routes) {
                (Some(bound), Some(routes)) => {
                    bound.serve(routes, readiness, stop.clone()).await.map_err(anyhow::Error::from)
                }
                _ => Ok(()),
            }
        };
        let serving_grpc = async { Ok(self.grpc.serve(&services, access, stop.clone()).await?) };
        // When one of the two ends on its own, the process must not look alive.
        let stopping = stop.clone();
        let (http, grpc) = tokio::join!(async { serving_http.await.inspect_err(|_| stopping.cancel()) }, async {
            serving_grpc.await.inspect_err(|_: &anyhow::Error| stopping.cancel())
        },);
        http.and(grpc)
    }
}

/// The tokens that open the gRPC port; the registry's is made when it does not exist.
pub(crate) fn access(config: &Config) -> anyhow::Result<access::Access> {
    let registry = access::open_or_create_token(&config.registry_token_file(), &SystemIds)?;
    let service = config.grpc.service_token_file.as_deref().map(access::read_token).transpose()?;
    let events = config.grpc.events_token_file.as_deref().map(access::read_token).transpose()?;
    let people = config.grpc.people_token_file.as_deref().map(access::read_token).transpose()?;
    let confined = config.grpc.events_tokens.iter();
    let confined = confined.map(|token| Ok((token.organization, access::read_token(&token.token_file)?)));
    let confined = confined.collect::<Result<Vec<_>, access::TokenError>>()?;
    let access = access::Access::new(service.as_ref(), &registry);
    Ok(access.with_events(events.as_ref()).with_people(people.as_ref()).with_events_of(&confined)?)
}

/// Serves `name` until a signal.
pub(crate) async fn run(name: ServiceName, label: &'static str, config: &Config) -> anyhow::Result<()> {
    let telemetry = telemetry::start(&config.telemetry, label)?;
    let stop = CancellationToken::new();
    vestibule_host::stop_on_signal(stop.clone()).context("signals")?;
    let served = until(name, label, config, stop).await;
    telemetry.shutdown();
    served
}

async fn until(name: ServiceName, label: &str, config: &Config, stop: CancellationToken) -> anyhow::Result<()> {
    let with_http = matches!(name, ServiceName::Gateway | ServiceName::Scim | ServiceName::All);
    let ports = Ports::take(config, with_http).await?;
    // What services follow and keep fresh stays so while running calls end.
    let drained = CancellationToken::new();
    let mut resources = start::resources(config, Arc::new(SystemClock), Arc::new(SystemIds), drained.clone()).await?;
    resources.ending = stop.clone();
    let access = access(config)?;
    let mut services = start::services(name, &resources, config).await?;
    let relay = if has_workers(name) { nats::relay(&resources, config).await? } else { None };
    if let (Some(relay), Some(registry)) = (&relay, services.iter_mut().find(|service| service.name == "registry")) {
        registry.readiness.push(nats::readiness(relay));
    }
    let relaying = relay.map(|relay| tokio::spawn(relay.run(resources.stop.clone())));
    let workers = workers(name, &resources, config).await;
    note(&format!("{label}: gRPC on {}", ports.grpc_address()));
    if let Some(address) = ports.http_address() {
        note(&format!("{label}: HTTP on {address}, reached as {}", config.deployment.public_url));
    }
    let served = ports.serve(services, access, stop).await;
    drained.cancel();
    workers.await;
    if let Some(relaying) = relaying {
        let _ = relaying.await;
    }
    served
}

/// The registry's process looks after the log and the keys: it exports signed checkpoints, and makes and destroys keys
/// where the others' rights on the store do not suffice. For the same reason it takes snapshots of their views.
pub(crate) async fn workers(
    name: ServiceName,
    resources: &Resources,
    config: &Config,
) -> impl Future<Output = ()> + use<> {
    let mine = has_workers(name);
    if mine {
        // Whoever waits for this process finds the keys.
        look_after_keys(resources).await;
    }
    if mine && config.log.snapshot_events > 0 {
        let every = Duration::from_secs(config.log.snapshot_seconds);
        let directory = SnapshotOf::<vestibule_routing_service::Directory>::default();
        let people = SnapshotOf::<vestibule_enrichment_service::People>::default();
        keep_snapshots(resources, config.log.snapshot_events, every, vec![Arc::new(directory), Arc::new(people)]);
    }
    let keys = mine.then(|| tokio::spawn(keep_keys(resources.clone())));
    let checkpoints = (mine && config.log.checkpoint_seconds > 0).then(|| {
        let every = Duration::from_secs(config.log.checkpoint_seconds);
        crate::command::log::export_periodically(resources.clone(), config.checkpoint_directory(), every)
    });
    let running = checkpoints.map(tokio::spawn);
    async move {
        for running in running.into_iter().chain(keys) {
            // A worker ends when the process stops; its own trouble is in the log.
            let _ = running.await;
        }
    }
}

/// Whether the process is the one that looks after the log, the keys and the bus.
const fn has_workers(name: ServiceName) -> bool {
    matches!(name, ServiceName::Registry | ServiceName::All)
}

async fn keep_keys(resources: Resources) {
    while resources.stop.run_until_cancelled(tokio::time::sleep(KEYS_EVERY)).await.is_some() {
        look_after_keys(&resources).await;
    }
}

async fn look_after_keys(resources: &Resources) {
    let tickets = vestibule_routing_service::keep_keys(resources).await;
    let gateway = vestibule_gateway_service::destroy_old_keys(resources).await;
    let sessions = vestibule_saml_service::destroy_old_keys(resources).await;
    let failed: [Option<Box<dyn Error + Send + Sync>>; 3] =
        [tickets.err().map(Into::into), gateway.err().map(Into::into), sessions.err().map(Into::into)];
    for error in failed.into_iter().flatten() {
        tracing::warn!(error = %Chain(&*error), "keys could not be looked after; the next round tries again");
    }
}
