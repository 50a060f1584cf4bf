//! The gRPC server of a process: its services, `grpc.health.v1`, reflection, authentication, limits and drain.

use std::{io, net::SocketAddr, time::Duration};

use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    service::Routes,
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use vestibule_rpc::{FILE_DESCRIPTOR_SET, IncomingLayer};

use crate::{Readiness, Service, TlsError, access::Access, config, tls};

/// Calls in progress on one connection.
const STREAMS_PER_CONNECTION_MAX: u32 = 256;
/// The longest a call may take until its answer begins. An answer that is a stream may go on.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection on which nothing comes is asked for a sign of life this often: who reads a stream may be gone.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long that sign may take.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of all headers of a call.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// How often health is asked of the services.
const HEALTH_INTERVAL: Duration = Duration::from_millis(500);

/// The gRPC server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum GrpcError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address} for gRPC: is another process there?")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The transport failed.
    #[error("the gRPC server failed")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors for reflection are not readable, which is a fault of the build.
    #[error("gRPC reflection is not available")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A gRPC server that listens and does not answer yet.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<ServerTlsConfig>,
    drain: Duration,
}

/// Takes the port. The rule that anything but loopback needs TLS and a token is part of the configuration's own check.
///
/// # Errors
/// [`GrpcError::Bind`], [`GrpcError::Tls`].
pub async fn bind(config: &config::Grpc) -> Result<Bound, GrpcError> {
    let tls = match &config.tls {
        Some(files) => {
            let identity = Identity::from_pem(tls::read_pem(&files.certificate_file)?, tls::read_pem(&files.key_file)?);
            Some(ServerTlsConfig::new().identity(identity))
        }
        None => None,
    };
    let bind_error = |source| GrpcError::Bind { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(bind_error)?;
    let address = listener.local_addr().map_err(bind_error)?;
    Ok(Bound { listener, address, tls, drain: config.drain() })
}

impl Bound {
    /// The address it listens on; tells the port where the configuration left it to the system.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then lets running calls end within the configured time.
    ///
    /// # Errors
    /// [`GrpcError`].
    pub async fn serve(self, services: &[Service], access: Access, stop: CancellationToken) -> Result<(), GrpcError> {
        let (reporter, health) = tonic_health::server::health_reporter();
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        let reflection =
            served(services)?.into_iter().fold(reflection, tonic_reflection::server::Builder::with_service_name);
        let reflection = reflection.build_v1()?;
        let mut routes = merge(services.iter().map(|service| service.grpc.clone()));
        routes = routes.add_service(health).add_service(reflection);

        let watched = services.iter().map(|service| (service.name, service.readiness.clone())).collect();
        tokio::spawn(watch_health(reporter, watched, stop.clone()));

        let mut server = Server::builder()
            .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
            .http2_max_header_list_size(HEADER_BYTES_MAX)
            .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
            .timeout(CALL_TIMEOUT);
        if let Some(tls) = self.tls {
            server = server.tls_config(tls)?;
        }
        // The server's own setting is ignored for a listener that it has not bound itself; without it, answers that need
        // several segments wait for the client's delayed acknowledgements.
        let incoming = TcpIncoming::from(self.listener).with_nodelay(Some(true));
        let draining = stop.clone();
        let serving = server
            .layer(IncomingLayer::default())
            .layer(access)
            .add_routes(routes.prepare())
            .serve_with_incoming_shutdown(incoming, stop.cancelled_owned());
        let overdue = async {
            draining.cancelled().await;
            tokio::time::sleep(self.drain).await;
        };
        tokio::select! {
            ended = serving => Ok(ended?),
            () = overdue => {
                tracing::warn!("gRPC calls were still running after the drain time and are cut off");
                Ok(())
            }
        }
    }
}

/// The full names of what is served: the descriptors tell of every service of Vestibule, a process only has its own.
fn served(services: &[Service]) -> Result<Vec<String>, tonic_reflection::server::Error> {
    let known = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET)?;
    let is_ours = |package: &str| services.iter().any(|service| host_of(package) == Some(service.name));
    let ours = known.file.iter().filter(|file| is_ours(file.package()));
    let names =
        ours.flat_map(|file| file.service.iter().map(|service| format!("{}.{}", file.package(), service.name())));
    Ok(names.chain(["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"].map(str::to_owned)).collect())
}

/// The service that serves a package. Events are told, and people of directories recorded, by the one that records most.
fn host_of(package: &str) -> Option<&str> {
    match package.split('.').nth(1) {
        Some("events" | "provisioning") => Some("registry"),
        service => service,
    }
}

/// All services behind one port or one in-memory channel.
#[must_use]
pub fn merge(routes: impl IntoIterator<Item = Routes>) -> Routes {
    let merged = routes.into_iter().fold(Routes::default().into_axum_router(), |merged, routes| {
        // Each has the fallback for unknown methods; one remains.
        merged.merge(routes.into_axum_router().reset_fallback())
    });
    Routes::from(merged)
}

/// Tells `grpc.health.v1` what the services say of themselves: each by its name, and all together under the empty name.
async fn watch_health(
    reporter: HealthReporter,
    services: Vec<(&'static str, Vec<Readiness>)>,
    stop: CancellationToken,
) {
    loop {
        let mut all = ServingStatus::Serving;
        for (name, readiness) in &services {
            let troubles = Service::troubles(readiness);
            let status = if troubles.is_empty() { ServingStatus::Serving } else { ServingStatus::NotServing };
            if !troubles.is_empty() {
                tracing::debug!(service = name, ?troubles, "not ready");
                all = ServingStatus::NotServing;
            }
            reporter.set_service_status(*name, status).await;
        }
        reporter.set_service_status("", all).await;
        tokio::select! {
            () = tokio::time::sleep(HEALTH_INTERVAL) => {}
            () = stop.cancelled() => break,
        }
    }
    // A load balancer that asks while calls drain must send no new ones.
    reporter.set_service_status("", ServingStatus::NotServing).await;
    for (name, _) in &services {
        reporter.set_service_status(*name, ServingStatus::NotServing).await;
    }
}
