use std::io::{self, Write};

use serde_json::{Value, json};
use vestibule_kernel::Timestamp;

use crate::{event::Event, failure::Failure, invocation::Invocation};

/// The longest text that is taken over from an event.
const TEXT_CHARS_MAX: usize = 64;

/// What became of an invocation, where it is worth a line.
pub(crate) enum Outcome<'a> {
    /// Answered, but not at the first attempt.
    Retried,
    /// Answered without enrichment, because the pool wants it so.
    FailedOpen(&'a Failure),
    /// Not answered.
    Failed(&'a Failure),
}

/// Writes a line for the function's log, of which `CloudWatch` makes a metric (embedded metric format): `Triggers` in the
/// namespace `Vestibule`, by outcome. It names the pool and the trigger and nothing of the person.
pub(crate) fn write(
    now: Timestamp,
    invocation: &Invocation,
    event: Option<&Event<'_>>,
    outcome: &Outcome<'_>,
    attempts: u32,
) {
    let (level, outcome, failure) = match outcome {
        Outcome::Retried => ("INFO", "Retried", None),
        Outcome::FailedOpen(failure) => ("WARN", "FailedOpen", Some(*failure)),
        Outcome::Failed(failure) => ("WARN", failure.kind(), Some(*failure)),
    };
    let reason = match failure {
        Some(Failure::Refused { reason }) => Some(reason.as_str()),
        Some(failure) => Some(failure.kind()),
        None => None,
    };
    let short = |text: &str| text.chars().take(TEXT_CHARS_MAX).collect::<String>();
    let metric = json!({
        "Timestamp": now.unix_millis(),
        "CloudWatchMetrics": [{
            "Namespace": "Vestibule",
            "Dimensions": [["outcome"]],
            "Metrics": [{"Name": "Triggers", "Unit": "Count"}],
        }],
    });
    line(&json!({
        "_aws": metric,
        "Triggers": 1,
        "level": level,
        "outcome": outcome,
        "reason": reason.map(short),
        "triggerSource": event.map(|event| short(&event.source)),
        "userPoolId": event.map(|event| short(&event.user_pool)),
        "attempts": attempts,
        "requestId": invocation.reference,
    }));
}

/// Says why there will be no invocations at all.
pub(crate) fn write_start_failure(error: &dyn std::error::Error) {
    line(&json!({"level": "FATAL", "message": vestibule_kernel::Chain(error).to_string()}));
}

fn line(record: &Value) {
    // Where nobody can read it, nobody can be told so.
    let _ = writeln!(io::stdout().lock(), "{record}");
}
