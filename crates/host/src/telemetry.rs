//! Structured logs to standard error; traces and metrics over OTLP where an endpoint is configured.
//!
//! `tracing` fields named `monotonic_counter.*` and `histogram.*` become metrics. Tokens, assertions, names and addresses
//! are never fields.

use std::{io::IsTerminal, time::Duration};

use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::SdkMeterProvider,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use tracing_opentelemetry::{MetricsLayer, OpenTelemetryLayer};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{self, LogFormat};

/// How long the last spans may take to leave at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The OTLP endpoint is not usable.
    #[error("the OTLP endpoint cannot be used")]
    Exporter(#[from] ExporterBuildError),
    /// Another subscriber is installed in this process.
    #[error("logging is set up already")]
    Installed(#[from] tracing_subscriber::util::TryInitError),
    /// The filter is not readable; the configuration's own check finds it first.
    #[error("the log filter is not readable")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
}

/// Flushes what is still to be exported. Call [`Telemetry::shutdown`] last.
#[must_use]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

/// Starts logging and, where configured, export. Must be called within a tokio runtime.
///
/// # Errors
/// [`TelemetryError`].
pub fn start(config: &config::Telemetry, service: &'static str) -> Result<Telemetry, TelemetryError> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let filter: EnvFilter = config.log_filter.parse()?;
    let logs = match config.log_format {
        LogFormat::Text => {
            let ansi = std::io::stderr().is_terminal();
            tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(ansi).with_target(false).boxed()
        }
        LogFormat::Json => tracing_subscriber::fmt::layer().with_writer(std::io::stderr).json().boxed(),
    };
    let registry = tracing_subscriber::registry().with(logs.with_filter(filter));
    let Some(endpoint) = &config.otlp_endpoint else {
        registry.try_init()?;
        return Ok(Telemetry { traces: None, metrics: None });
    };

    let resource = Resource::builder().with_service_name(format!("vestibule-{service}")).build();
    let spans = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio)));
    let traces = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_sampler(sampler)
        .with_batch_exporter(spans)
        .build();
    let exporter = MetricExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let metrics = SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(exporter).build();

    global::set_meter_provider(metrics.clone());
    let spans = OpenTelemetryLayer::new(traces.tracer("vestibule")).with_filter(EnvFilter::new("info"));
    registry.with(spans).with(MetricsLayer::new(metrics.clone())).try_init()?;
    Ok(Telemetry { traces: Some(traces), metrics: Some(metrics) })
}

impl Telemetry {
    /// Exports what is left. A collector that does not answer costs at most a few seconds.
    pub fn shutdown(self) {
        if let Some(traces) = self.traces
            && let Err(error) = traces.shutdown_with_timeout(FLUSH_TIMEOUT)
        {
            tracing::debug!(%error, "the last spans were not exported");
        }
        if let Some(metrics) = self.metrics
            && let Err(error) = metrics.shutdown_with_timeout(FLUSH_TIMEOUT)
        {
            tracing::debug!(%error, "the last metrics were not exported");
        }
    }
}
