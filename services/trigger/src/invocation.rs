use std::time::Duration;

use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use uuid::Uuid;
use vestibule_kernel::Timestamp;
use vestibule_lambda::Context;

/// How long an answer may take, the second attempt included. Cognito gives a trigger five seconds and may start it again.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);

/// What is left for saying that there is no answer, where the function itself has less time.
const RESERVE: Duration = Duration::from_millis(100);

/// One call of the function, as far as others hear of it.
pub(crate) struct Invocation {
    /// Lambda's request id, under which everything about it can be found.
    pub(crate) reference: String,
    traceparent: Option<String>,
    /// How long its answer may take.
    pub(crate) time: Duration,
}

impl Invocation {
    pub(crate) fn of(context: &Context, now: Timestamp) -> Self {
        let left = i64::try_from(context.deadline).map_or(ANSWER_TIME_MAX, |deadline| {
            Timestamp::from_unix_millis(deadline).since(now).saturating_sub(RESERVE)
        });
        Self {
            traceparent: context
                .xray_trace_id
                .as_deref()
                .and_then(traceparent)
                .or_else(|| own_trace(&context.request_id)),
            reference: context.request_id.clone(),
            time: left.min(ANSWER_TIME_MAX),
        }
    }

    /// The correlation id, as request id and as trace context (W3C Trace Context section 3.2).
    pub(crate) fn describe(&self, metadata: &mut MetadataMap) {
        let mut insert = |name: &'static str, value: &str| {
            if let Ok(value) = value.parse::<MetadataValue<Ascii>>() {
                metadata.insert(name, value);
            }
        };
        insert("x-request-id", &self.reference);
        if let Some(traceparent) = &self.traceparent {
            insert("traceparent", traceparent);
        }
    }
}

/// X-Ray's header, such as `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`, as a
/// `traceparent`: the same 32 and 16 hexadecimal digits.
fn traceparent(header: &str) -> Option<String> {
    let field = |name: &str| header.split(';').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let (epoch, unique) = field("Root")?.strip_prefix("1-")?.split_once('-')?;
    let parent = field("Parent")?;
    let trace = format!("{epoch}{unique}");
    let hexadecimal = |text: &str, digits| {
        text.len() == digits
            && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            && text.bytes().any(|b| b != b'0')
    };
    let flags = if field("Sampled") == Some("1") { "01" } else { "00" };
    (hexadecimal(&trace, 32) && hexadecimal(parent, 16)).then(|| format!("00-{trace}-{parent}-{flags}"))
}

/// Without X-Ray the request id, a UUID, is the trace's id.
fn own_trace(request_id: &str) -> Option<String> {
    let id = Uuid::parse_str(request_id).ok().filter(|id| !id.is_nil())?.simple().to_string();
    let parent = id.get(16..)?;
    Some(format!("00-{id}-{parent}-01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_of_x_ray_goes_on() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:0";
        let expected = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        assert_eq!(traceparent(header).unwrap(), expected);
        for broken in ["", "Root=1-5759e988-bd86", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=\r\nx;Sampled=1"] {
            assert_eq!(traceparent(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_function_with_less_time_gives_up_earlier() {
        let context = |deadline| {
            let mut context = Context::default();
            context.deadline = deadline;
            context
        };
        let now = Timestamp::from_unix_millis(1_000_000);
        assert_eq!(Invocation::of(&context(1_005_000), now).time, ANSWER_TIME_MAX);
        assert_eq!(Invocation::of(&context(1_001_000), now).time, Duration::from_millis(900));
        assert_eq!(Invocation::of(&context(1_000_050), now).time, Duration::ZERO);
    }
}
