use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use vestibule_kernel::{Chain, Explain, Explanation, Kind};

/// How long a client should wait before it repeats what may work later.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// Turns an error into a `Status` with exactly one `google.rpc.ErrorInfo` (AIP-193), whose `domain` is the service's,
/// such as `registry.vestibule`.
///
/// The whole chain of causes goes to the log and never to the wire; what is not the caller's business is answered with a
/// fixed text.
pub fn to_status<E: Explain>(domain: &'static str, error: &E) -> Status {
    let Explanation { kind, reason, violations } = error.explain();
    if kind.is_public() {
        tracing::info!(reason, error = %Chain(error), "request refused");
    } else {
        tracing::error!(reason, error = %Chain(error), "request failed");
    }
    let message = if kind.is_public() { error.to_string() } else { kind.to_string() };
    let mut details = ErrorDetails::with_error_info(reason, domain, HashMap::<String, String>::new());
    for violation in violations {
        details.add_bad_request_violation(violation.field, violation.description);
    }
    if matches!(kind, Kind::Conflict | Kind::Exhausted | Kind::Unavailable) {
        details.set_retry_info(Some(RETRY_DELAY));
    }
    Status::with_error_details(code(kind), message, details)
}

const fn code(kind: Kind) -> Code {
    match kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::Forbidden => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::Precondition => Code::FailedPrecondition,
        Kind::Conflict => Code::Aborted,
        Kind::Exhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Corrupt => Code::DataLoss,
        Kind::Internal => Code::Internal,
    }
}

/// The stable reason of an error that [`to_status`] made; `None` for what came from elsewhere, such as the transport.
#[must_use]
pub fn reason_of(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// The fields that the request got wrong, with what is wrong about each.
#[must_use]
pub fn field_violations(status: &Status) -> Vec<(String, String)> {
    let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| (violation.field, violation.description)).collect()
}
