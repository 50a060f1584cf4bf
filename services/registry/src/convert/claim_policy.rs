use vestibule_claims::{InvalidPolicy, message as policy_message, notices as policy_notices, read as read_policy};
use vestibule_eventlog::Version;
use vestibule_rpc::{proto_timestamp, registry::v1 as pb};
use vestibule_tenancy::claim_policy::ClaimPolicy;

use crate::{app::SavedPolicy, error::Error, resource};

pub(crate) fn read(wanted: &pb::ClaimPolicy) -> Result<ClaimPolicy, Error> {
    read_policy(wanted).map_err(|problems| InvalidPolicy { field: "claim_policy".to_owned(), problems }.into())
}

/// Reads the condition of a change: `0` for a target that never had a policy.
pub(crate) fn etag(field: &'static str, text: &str) -> Result<Option<Version>, Error> {
    if text == "0" { Ok(Some(Version::EMPTY)) } else { resource::etag(field, text) }
}

pub(crate) fn message(saved: &SavedPolicy) -> pb::ClaimPolicy {
    pb::ClaimPolicy {
        update_time: saved.current.last_recorded_at.map(proto_timestamp),
        etag: saved.current.version.0.to_string(),
        ..policy_message(&saved.target, &saved.current.state.policy)
    }
}

pub(crate) fn notices(saved: &SavedPolicy) -> Vec<pb::ClaimPolicyNotice> {
    policy_notices(&saved.target, &saved.current.state.policy, &saved.above)
}
