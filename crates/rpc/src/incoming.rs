use std::task::{Context, Poll};

use opentelemetry::propagation::Extractor;
use tonic::codegen::http::{HeaderMap, Request};
use tower::{Layer, Service};
use tracing::{Instrument, instrument::Instrumented};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::Caller;

/// Server side of [`Channel`](crate::Channel): continues the caller's trace in a span of its own for every call, with the
/// attributes of OpenTelemetry's RPC conventions, and says who calls where that is known beforehand.
#[derive(Clone, Debug, Default)]
pub struct IncomingLayer {
    caller: Option<Caller>,
}

impl IncomingLayer {
    /// Every call comes from `caller`.
    #[must_use]
    pub const fn known_as(caller: Caller) -> Self {
        Self { caller: Some(caller) }
    }
}

impl<S> Layer<S> for IncomingLayer {
    type Service = Incoming<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Incoming { inner, caller: self.caller.clone() }
    }
}

/// What [`IncomingLayer`] makes of a service.
#[derive(Clone, Debug)]
pub struct Incoming<S> {
    inner: S,
    caller: Option<Caller>,
}

impl<S, B> Service<Request<B>> for Incoming<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Instrumented<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let path = request.uri().path().trim_start_matches('/');
        let (service, method) = path.split_once('/').unwrap_or((path, ""));
        let span = tracing::info_span!(
            "rpc.server",
            otel.name = path,
            otel.kind = "server",
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method,
        );
        let parent = opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.extract(&Headers(request.headers()))
        });
        // Fails only when no OpenTelemetry layer is installed, and then there is no trace to continue.
        let _ = span.set_parent(parent);
        if let Some(caller) = &self.caller {
            request.extensions_mut().insert(caller.clone());
        }
        self.inner.call(request).instrument(span)
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(tonic::codegen::http::HeaderName::as_str).collect()
    }
}
