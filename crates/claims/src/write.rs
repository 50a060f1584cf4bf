use vestibule_rpc::registry::v1 as pb;
use vestibule_tenancy::claim_policy::{
    Budget, ClaimPolicy, ClaimRule, ClaimSource, CustomAttributes, Effective, EventVersion, GroupMode, Groups, Problem,
    Suppress, Target, Tokens,
};

use crate::{name::policy_name, value::from_json};

/// A policy as the gRPC interface has it; the etag and the moment are for the caller to fill in.
#[must_use]
pub fn message(target: &Target, policy: &ClaimPolicy) -> pb::ClaimPolicy {
    let claims = policy.claims.iter().map(|(name, rule)| (name.clone(), claim(rule)));
    pb::ClaimPolicy {
        name: policy_name(target),
        event_version: event_version_message(policy.event_version).into(),
        claims: claims.collect(),
        scopes: policy.scopes.clone(),
        groups: (!policy.groups.is_absent()).then(|| groups(&policy.groups)),
        suppress: (!policy.suppress.is_absent()).then(|| suppress(&policy.suppress)),
        app_clients: policy.app_clients.clone(),
        budget: (!policy.budget.is_absent()).then(|| budget(&policy.budget)),
        update_time: None,
        etag: String::new(),
    }
}

/// What the interface calls a version.
#[must_use]
pub const fn event_version_message(version: Option<EventVersion>) -> pb::claim_policy::EventVersion {
    use pb::claim_policy::EventVersion as Message;
    match version {
        None => Message::Unspecified,
        Some(EventVersion::V1) => Message::V10,
        Some(EventVersion::V2) => Message::V20,
        Some(EventVersion::V3) => Message::V30,
    }
}

fn claim(rule: &ClaimRule) -> pb::ClaimRule {
    let source = rule.source.as_ref().map(|source| match source {
        ClaimSource::From(attribute) => pb::claim_rule::Source::From(attribute.as_str().to_owned()),
        ClaimSource::Constant(value) => pb::claim_rule::Source::Constant(from_json(value)),
    });
    let tokens = match rule.tokens {
        None => pb::claim_rule::Tokens::Unspecified,
        Some(Tokens::Both) => pb::claim_rule::Tokens::Both,
        Some(Tokens::Id) => pb::claim_rule::Tokens::Id,
        Some(Tokens::Access) => pb::claim_rule::Tokens::Access,
        Some(Tokens::Neither) => pb::claim_rule::Tokens::Neither,
    };
    pb::ClaimRule { source, tokens: tokens.into() }
}

fn groups(groups: &Groups) -> pb::ClaimGroups {
    let mode = match groups.mode {
        None => pb::claim_groups::Mode::Unspecified,
        Some(GroupMode::Keep) => pb::claim_groups::Mode::Keep,
        Some(GroupMode::Replace) => pb::claim_groups::Mode::Replace,
        Some(GroupMode::Suppress) => pb::claim_groups::Mode::Suppress,
    };
    pb::ClaimGroups { mode: mode.into(), template: groups.template.clone().unwrap_or_default() }
}

fn suppress(suppress: &Suppress) -> pb::ClaimSuppression {
    use pb::claim_suppression::CustomAttributes as Message;
    let custom_attributes = match suppress.custom_attributes {
        None => Message::Unspecified,
        Some(CustomAttributes::Keep) => Message::Keep,
        Some(CustomAttributes::SuppressNamesakes) => Message::SuppressNamesakes,
        Some(CustomAttributes::SuppressAll) => Message::SuppressAll,
    };
    pb::ClaimSuppression {
        user_admin_scope: suppress.user_admin_scope,
        custom_attributes: custom_attributes.into(),
        claims: suppress.claims.clone(),
        scopes: suppress.scopes.clone(),
    }
}

fn budget(budget: &Budget) -> pb::ClaimBudget {
    pb::ClaimBudget {
        claims: budget.claims.map(u32::from),
        roles: budget.roles.map(u32::from),
        reference_claim: budget.reference_claim.clone().unwrap_or_default(),
    }
}

/// Something that a policy says and that is not in force, or not everywhere.
#[must_use]
pub fn notice(problem: Problem) -> pb::ClaimPolicyNotice {
    pb::ClaimPolicyNotice { reason: problem.reason.to_owned(), field: problem.field, message: problem.description }
}

/// What of a policy is not in force over `above`, and what the event version of the pool cannot carry.
#[must_use]
pub fn notices(target: &Target, policy: &ClaimPolicy, above: &Effective) -> Vec<pb::ClaimPolicyNotice> {
    let (effective, mut problems) = above.clone().with(target.level(), policy);
    if let Some(version) = effective.event_version() {
        problems.extend(effective.not_carried_by(version, target.level()));
    }
    problems.into_iter().map(notice).collect()
}
