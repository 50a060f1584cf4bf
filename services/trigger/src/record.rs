use serde_json::json;
use vestibule_kernel::Timestamp;
use vestibule_lambda::line;

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
