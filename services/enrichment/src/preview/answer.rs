use std::borrow::Cow;

use vestibule_claims::{event_version_message, from_json, notice};
use vestibule_kernel::Explain as _;
use vestibule_rpc::{
    enrichment::v1::{PreviewClaimsResponse, PreviewedClaim, PreviewedText, PreviewedToken},
    registry::v1::ClaimPolicyNotice,
};
use vestibule_tenancy::claim_policy::{
    ClaimValue, EventVersion, Facts, Granted, Grants, GroupOverride, Level, Warning,
};

use super::policy::Layers;

/// What the policies make of the facts.
pub(super) fn answer(layers: &Layers, facts: &Facts<'_>) -> PreviewClaimsResponse {
    let mut problems = layers.problems.clone();
    for level in [Level::UserPool, Level::Organization, Level::AppClient] {
        let not_carried = layers.effective.not_carried_by(facts.event_version, level);
        problems.extend(not_carried.into_iter().map(|mut problem| {
            problem.field = format!("{}: {}", layers.name(level), problem.field);
            problem
        }));
    }
    let mut response = PreviewClaimsResponse {
        warnings: problems.into_iter().map(notice).collect(),
        event_version: event_version_message(Some(facts.event_version)).into(),
        app_client_id: facts.app_client_id.to_owned(),
        ..PreviewClaimsResponse::default()
    };
    match layers.effective.evaluate(facts) {
        Err(denied) => denied.explain().reason.clone_into(&mut response.refused),
        Ok(grants) => grant(&mut response, layers, facts, &grants),
    }
    response
}

fn grant(response: &mut PreviewClaimsResponse, layers: &Layers, facts: &Facts<'_>, grants: &Grants<'_>) {
    if facts.person.is_some() {
        response.id_token = Some(token(layers, &grants.id_claims, &grants.id_suppressed));
    }
    if facts.event_version != EventVersion::V1 {
        response.access_token = Some(token(layers, &grants.access_claims, &grants.access_suppressed));
    }
    response.scopes = grants.scopes.iter().map(|(text, level)| said(layers, text, *level)).collect();
    response.scopes_suppressed = grants.scopes_suppressed.iter().map(|scope| scope.clone().into_owned()).collect();
    match &grants.groups {
        GroupOverride::Keep => {
            response.groups = facts.existing.groups.iter().map(|group| of_cognito(group)).collect();
        }
        GroupOverride::Set { groups, .. } => {
            response.groups_overridden = true;
            let existing = facts.existing.groups;
            let told = groups.iter().map(|(group, level)| {
                if existing.contains(&group.as_ref()) { of_cognito(group) } else { said(layers, group, *level) }
            });
            response.groups = told.collect();
        }
    }
    response.claims = i32::try_from(grants.claims).unwrap_or(i32::MAX);
    response.warnings.extend(grants.warnings.iter().copied().map(warning));
}

fn token(layers: &Layers, claims: &[Granted<'_, ClaimValue<'_>>], suppressed: &[Cow<'_, str>]) -> PreviewedToken {
    let claims = claims.iter().map(|claim| PreviewedClaim {
        name: claim.name.to_owned(),
        value: Some(from_json(&claim.value.to_json())),
        policy: layers.name(claim.level),
    });
    PreviewedToken {
        claims: claims.collect(),
        suppressed: suppressed.iter().map(|name| name.clone().into_owned()).collect(),
    }
}

fn said(layers: &Layers, text: &str, level: Level) -> PreviewedText {
    PreviewedText { text: text.to_owned(), policy: layers.name(level) }
}

fn of_cognito(group: &str) -> PreviewedText {
    PreviewedText { text: group.to_owned(), policy: String::new() }
}

fn warning(warning: Warning) -> ClaimPolicyNotice {
    let (reason, message) = (warning.reason().to_owned(), warning.message().to_owned());
    ClaimPolicyNotice { reason, field: String::new(), message }
}
