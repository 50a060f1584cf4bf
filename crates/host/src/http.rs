//! The HTTP server of the gateway: TLS, health, drain. Limits and headers of requests are the gateway's own.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Router, http::StatusCode, routing::get};
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use tokio_util::sync::CancellationToken;

use crate::{Readiness, Service, TlsError, config, tls};

/// How long a client may take to send the head of a request.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of all headers of a request. Three sealed sign-ins with a `state` of 4 KiB take 20 KiB of cookies, more than the
/// 16 KiB that hyper's HTTP/2 allows by itself.
const HEADER_BYTES_MAX: u32 = 64 * 1024;

/// The HTTP server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address} for HTTP: is another process there?")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Serving failed.
    #[error("the HTTP server failed")]
    Serve(#[source] io::Error),
}

/// An HTTP server that listens and does not answer yet.
pub struct Bound {
    listener: std::net::TcpListener,
    address: SocketAddr,
    tls: Option<RustlsConfig>,
    drain: Duration,
}

/// Takes the port.
///
/// # Errors
/// [`HttpError::Bind`], [`HttpError::Tls`].
pub fn bind(config: &config::Http) -> Result<Bound, HttpError> {
    let tls = config.tls.as_ref().map(tls::https_config).transpose()?.map(RustlsConfig::from_config);
    let bind_error = |source| HttpError::Bind { address: config.listen, source };
    let listener = std::net::TcpListener::bind(config.listen).map_err(bind_error)?;
    listener.set_nonblocking(true).map_err(bind_error)?;
    let address = listener.local_addr().map_err(bind_error)?;
    Ok(Bound { listener, address, tls, drain: Duration::from_secs(config.drain_seconds) })
}

impl Bound {
    /// The address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `routes`, and `/livez` and `/readyz` beside them, until `stop`, then lets running requests end.
    ///
    /// # Errors
    /// [`HttpError::Serve`].
    pub async fn serve(
        self,
        routes: Router,
        readiness: Vec<Readiness>,
        stop: CancellationToken,
    ) -> Result<(), HttpError> {
        let routes = routes
            .route("/livez", get(|| async { "alive\n" }))
            .route("/readyz", get(move || std::future::ready(ready(&readiness))))
            .into_make_service_with_connect_info::<SocketAddr>();
        let handle = Handle::new();
        let draining = handle.clone();
        tokio::spawn(async move {
            stop.cancelled().await;
            draining.graceful_shutdown(Some(self.drain));
        });
        let served = if let Some(tls) = self.tls {
            let acceptor = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
            let server = axum_server::from_tcp(self.listener).map_err(HttpError::Serve)?;
            let mut server = server.acceptor(acceptor).handle(handle);
            limit(server.http_builder());
            server.serve(routes).await
        } else {
            let server = axum_server::from_tcp(self.listener).map_err(HttpError::Serve)?;
            let mut server = server.acceptor(NoDelayAcceptor::new()).handle(handle);
            limit(server.http_builder());
            server.serve(routes).await
        };
        served.map_err(HttpError::Serve)
    }
}

fn limit(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    builder.http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    builder.http2().timer(hyper_util::rt::TokioTimer::new()).max_header_list_size(HEADER_BYTES_MAX);
}

/// The reasons stay inside: an outsider only learns whether.
fn ready(readiness: &[Readiness]) -> (StatusCode, &'static str) {
    let troubles = Service::troubles(readiness);
    if troubles.is_empty() {
        (StatusCode::OK, "ready\n")
    } else {
        tracing::warn!(?troubles, "not ready");
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}
