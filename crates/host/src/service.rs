use std::sync::Arc;

use opentelemetry::trace::TraceContextExt;
use tonic::{Request, service::Routes};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use vestibule_eventlog::Metadata;
use vestibule_rpc::Caller;

/// Whether a part of a service can do its work now; the text says why not, for operators.
pub type Readiness = (&'static str, Arc<dyn Fn() -> Result<(), String> + Send + Sync>);

/// A service that has started and waits to be served.
pub struct Service {
    /// Its name, such as `routing`; the name under which its health is asked.
    pub name: &'static str,
    /// Its gRPC services.
    pub grpc: Routes,
    /// Its HTTP routes; the gateway and the SCIM edge have some.
    pub http: Option<axum::Router>,
    /// What must hold for it to be healthy.
    pub readiness: Vec<Readiness>,
}

impl Service {
    /// Why the service is not ready: one line for each part that is not.
    #[must_use]
    pub fn troubles(readiness: &[Readiness]) -> Vec<String> {
        let trouble = |(part, check): &Readiness| check().err().map(|why| format!("{part}: {why}"));
        readiness.iter().filter_map(trouble).collect()
    }
}

/// Who did it and in which trace, for the events that a request causes.
#[must_use]
pub fn metadata<T>(request: &Request<T>) -> Metadata {
    let context = tracing::Span::current().context();
    let span = context.span().span_context().clone();
    let traceparent = span
        .is_valid()
        .then(|| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()));
    Metadata {
        actor: Caller::of(request).actor,
        correlation_id: span.is_valid().then(|| span.trace_id().to_string()),
        causation_id: None,
        traceparent,
    }
}
