use std::collections::HashMap;

use opentelemetry::trace::TraceContextExt as _;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Why something is done: the trace in which it began (W3C Trace Context).
#[derive(Clone, Debug, Default)]
pub(crate) struct Cause(Option<String>);

impl Cause {
    /// An event; what is no `traceparent` is left out.
    pub(crate) fn new(traceparent: Option<&str>) -> Self {
        Self(traceparent.filter(|text| is_traceparent(text)).map(str::to_owned))
    }

    /// Lets the span belong to the trace.
    pub(crate) fn continued(&self, span: &Span) {
        let Some(traceparent) = &self.0 else { return };
        let carrier = HashMap::from([("traceparent".to_owned(), traceparent.clone())]);
        let parent = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&carrier));
        // Without an exporter there is nothing to belong to.
        let _ = span.set_parent(parent);
    }

    /// What goes on: the span we are in, or, where spans are not exported, the one that it began in.
    pub(crate) fn traceparent(&self) -> Option<String> {
        let context = Span::current().context();
        let span = context.span().span_context().clone();
        if span.is_valid() {
            return Some(format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()));
        }
        self.0.clone()
    }
}

/// Version 00 of the header.
fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts.as_slice(), ["00", trace, span, flags] if is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_traceparent_goes_on() {
        let told = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(Cause::new(Some(told)).traceparent().as_deref(), Some(told));
        for other in ["", "00-x-y-01", &told[1..], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX: 1"] {
            assert_eq!(Cause::new(Some(other)).traceparent(), None, "{other}");
        }
    }
}
