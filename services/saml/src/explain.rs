//! What is wrong with a Response, in words that can be sent to whoever has to act. Nothing here has any effect.

mod advice;
mod difference;

use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    proto_timestamp, resource,
    saml::v1::{ExplainResponseResponse, check::Status},
};
use vestibule_saml::{RequestId, Unverified};

use crate::{
    checklist::Checklist,
    judge::{Acceptable, Case},
    refusal::Refusal,
};

/// What the request must look like when nobody says which one it was.
const ANY_REQUEST: &str = "the ID of a request of ours: an underscore and 32 hexadecimal digits";

/// The request that a Response must answer: the one that is named, else the one that it names itself.
pub(crate) fn request_id(named: Option<&RequestId>, unverified: Option<&Unverified>) -> String {
    if let Some(named) = named {
        return named.to_string();
    }
    let own = unverified.and_then(|unverified| unverified.in_response_to.as_deref());
    let own = own.filter(|text| text.parse::<RequestId>().is_ok());
    own.unwrap_or(ANY_REQUEST).to_owned()
}

/// Puts the answer together.
pub(crate) fn answer(
    case: &Case<'_>,
    unverified: Option<Unverified>,
    checks: Checklist,
    verdict: &Result<Acceptable, Refusal>,
) -> ExplainResponseResponse {
    let connection = case.connection;
    let checks = checks.finish();
    let failed = checks.iter().find(|check| check.status() == Status::Failed);
    let refusal = verdict.as_ref().err().copied();
    let advice = refusal.map(|refusal| advice::of(refusal, connection, failed)).unwrap_or_default();
    let unverified = unverified.unwrap_or_default();
    ExplainResponseResponse {
        refused: refusal.map(Refusal::message),
        advice,
        differences: difference::all(case, &unverified),
        clock_offset: unverified.issue_instant.map(|made| proto_duration(millis_ahead(made, case.now))),
        document: unverified.document,
        time: Some(proto_timestamp(case.now)),
        connection: resource::connection_name(connection.organization, connection.id),
        checks,
    }
}

/// By how many milliseconds `made` is ahead of `now`.
fn millis_ahead(made: Timestamp, now: Timestamp) -> i64 {
    made.unix_millis().saturating_sub(now.unix_millis())
}

/// Both fields of a duration have the same sign.
fn proto_duration(millis: i64) -> prost_types::Duration {
    let nanos = i32::try_from(millis % 1000 * 1_000_000).unwrap_or(0);
    prost_types::Duration { seconds: millis / 1000, nanos }
}
