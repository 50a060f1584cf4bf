//! Traces and counters of sign-ins. No token, assertion, name, address or `state` is ever part of them.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName};
use opentelemetry::{
    Context, KeyValue,
    metrics::{Counter, Gauge},
    propagation::{Extractor, Injector},
    trace::TraceContextExt as _,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use vestibule_kernel::Timestamp;

use crate::{
    keyring::{Line, Standing},
    report::Stage,
};

/// Continues the trace of an HTTP request in `span`.
pub(crate) fn continue_request(span: &Span, headers: &HeaderMap) {
    set_parent(span, extract(&RequestHeaders(headers)));
}

/// Continues the trace that a sign-in carries with it, over the browser or over the code.
pub(crate) fn continue_sign_in(span: &Span, traceparent: Option<&str>) {
    if let Some(traceparent) = traceparent {
        set_parent(span, extract(&Carried(traceparent)));
    }
}

/// The current span as `traceparent` (W3C Trace Context), for the sign-in to carry.
pub(crate) fn traceparent() -> Option<String> {
    let mut carried = Outgoing(None);
    let context = Span::current().context();
    opentelemetry::global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut carried));
    carried.0
}

/// The id of the current trace; empty when nothing is traced.
pub(crate) fn trace_id() -> String {
    let context = Span::current().context();
    let span = context.span();
    let id = span.span_context();
    if id.is_valid() { id.trace_id().to_string() } else { String::new() }
}

/// Counts the end of a sign-in. The reasons are a closed set, so the number of series is bounded.
pub(crate) fn count(stage: Stage, reason: &str) {
    static ENDED: LazyLock<Counter<u64>> = LazyLock::new(|| {
        let meter = opentelemetry::global::meter("vestibule.gateway");
        meter.u64_counter("gateway.sign_ins").with_description("Sign-ins by where and how they ended").build()
    });
    let labels = [KeyValue::new("stage", stage.as_str()), KeyValue::new("reason", reason.to_owned())];
    ENDED.add(1, &labels);
}

/// Tells how old the signing keys are, when they rotate, and where they stand. A rotation that is overdue, and a key that is
/// not believed, are for somebody to look at.
pub(crate) fn keys(lines: &[Line], now: Timestamp) {
    static GAUGES: LazyLock<[Gauge<i64>; 3]> = LazyLock::new(|| {
        let meter = opentelemetry::global::meter("vestibule.gateway");
        [
            ("gateway.signing_key.age", "s", "How old the key is that signs"),
            ("gateway.signing_key.rotates_in", "s", "How long until the next key is made; less than nothing: overdue"),
            ("gateway.signing_keys", "{key}", "Signing keys by where they stand"),
        ]
        .map(|(name, unit, said)| meter.i64_gauge(name).with_unit(unit).with_description(said).build())
    });
    let [age, rotates_in, count] = &*GAUGES;
    let seconds = |from: Timestamp, to: Timestamp| to.unix_seconds().saturating_sub(from.unix_seconds());
    for line in lines {
        let algorithm = KeyValue::new("algorithm", line.algorithm.as_str());
        if let Some(signing) = line.with(Standing::Signing).next() {
            age.record(seconds(signing.made.created_at, now), std::slice::from_ref(&algorithm));
        }
        if let Some(due) = line.due {
            rotates_in.record(seconds(now, due), std::slice::from_ref(&algorithm));
        }
        for standing in Standing::ALL {
            let labels = [algorithm.clone(), KeyValue::new("standing", standing.as_str())];
            count.record(i64::try_from(line.with(standing).count()).unwrap_or(i64::MAX), &labels);
        }
    }
}

fn set_parent(span: &Span, parent: Context) {
    // Fails only when no OpenTelemetry layer is installed, and then there is no trace to continue.
    let _ = span.set_parent(parent);
}

fn extract(carrier: &dyn Extractor) -> Context {
    opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(carrier))
}

struct RequestHeaders<'a>(&'a HeaderMap);

impl Extractor for RequestHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

const TRACEPARENT: &str = "traceparent";

struct Carried<'a>(&'a str);

impl Extractor for Carried<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

struct Outgoing(Option<String>);

impl Injector for Outgoing {
    fn set(&mut self, key: &str, value: String) {
        if key == TRACEPARENT {
            self.0 = Some(value);
        }
    }
}
