//! Policies and tokens for people.

use std::collections::BTreeMap;

use vestibule_rpc::{
    enrichment::v1::{PreviewClaimsResponse, PreviewedText, PreviewedToken},
    registry::v1::{
        ClaimPolicy, ClaimPolicyNotice, ClaimRule, claim_groups, claim_policy, claim_rule, claim_suppression,
    },
};

use crate::output::{json, moment, plain, properties, table};

pub(super) fn policy(policy: &ClaimPolicy, notices: &[ClaimPolicyNotice]) -> String {
    let claims: BTreeMap<&String, &ClaimRule> = policy.claims.iter().collect();
    let claims: Vec<String> = claims.into_iter().map(|(name, rule)| claim(name, rule)).collect();
    let groups = policy.groups.clone().unwrap_or_default();
    let suppress = policy.suppress.clone().unwrap_or_default();
    let budget = policy.budget.clone().unwrap_or_default();
    let number = |value: Option<u32>| value.map_or_else(String::new, |value| value.to_string());
    let says = claims.is_empty()
        && policy.groups.is_none()
        && policy.suppress.is_none()
        && policy.budget.is_none()
        && policy.scopes.is_empty()
        && policy.app_clients.is_empty()
        && policy.event_version() == claim_policy::EventVersion::Unspecified;
    properties(&[
        ("policy", policy.name.clone()),
        ("says", if says { "nothing: what is above it holds" } else { "" }.to_owned()),
        ("event version", said(policy.event_version().as_str_name(), "EVENT_VERSION_").replace(' ', "_")),
        ("claims", claims.join("\n")),
        ("scopes", policy.scopes.join("\n")),
        ("groups", said(claim_groups::Mode::as_str_name(&groups.mode()), "MODE_")),
        ("group of a role", groups.template.clone()),
        ("may write profile", suppress.user_admin_scope.map_or("", |it| if it { "no" } else { "yes" }).to_owned()),
        (
            "custom attributes",
            said(claim_suppression::CustomAttributes::as_str_name(&suppress.custom_attributes()), "CUSTOM_ATTRIBUTES_"),
        ),
        ("without claims", suppress.claims.join("\n")),
        ("without scopes", suppress.scopes.join("\n")),
        ("app clients", policy.app_clients.join("\n")),
        ("claims at most", number(budget.claims)),
        ("roles at most", number(budget.roles)),
        ("reference", budget.reference_claim),
        ("not in force", notices.iter().map(notice).collect::<Vec<_>>().join("\n")),
        ("changed", moment(policy.update_time.as_ref())),
    ])
}

fn said(name: &str, prefix: &str) -> String {
    let text = plain(name, prefix);
    if text == "unspecified" { String::new() } else { text }
}

fn claim(name: &str, rule: &ClaimRule) -> String {
    let source = match &rule.source {
        None => "as above".to_owned(),
        Some(claim_rule::Source::From(from)) => from.clone(),
        Some(claim_rule::Source::Constant(value)) => value_of(value),
    };
    let tokens = said(claim_rule::Tokens::as_str_name(&rule.tokens()), "TOKENS_");
    if tokens.is_empty() { format!("{name} = {source}") } else { format!("{name} = {source} ({tokens})") }
}

fn notice(notice: &ClaimPolicyNotice) -> String {
    let about = if notice.field.is_empty() { String::new() } else { format!("{}: ", notice.field) };
    format!("{about}{} ({})", notice.message, notice.reason)
}

/// JSON on one line.
fn value_of(value: &prost_types::Value) -> String {
    let text = json("google.protobuf.Value", value).unwrap_or_default();
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

pub(super) fn preview(answer: &PreviewClaimsResponse) -> String {
    let version = said(answer.event_version().as_str_name(), "EVENT_VERSION_").replace(' ', "_");
    let warnings: Vec<String> = answer.warnings.iter().map(notice).collect();
    if !answer.refused.is_empty() {
        let refused = format!("no tokens at all: {}", answer.refused);
        return properties(&[("app client", answer.app_client_id.clone()), ("refused", refused)]);
    }
    let claims = table(["CLAIM", "ID TOKEN", "ACCESS TOKEN", "SAID BY"], &rows(answer), "No claims.");
    let nothing = PreviewedToken::default();
    let suppressed = |token: &Option<PreviewedToken>| token.as_ref().unwrap_or(&nothing).suppressed.join("\n");
    let groups = match (answer.groups_overridden, answer.groups.is_empty()) {
        (true, true) => "none".to_owned(),
        (_, false) => texts(&answer.groups),
        (false, true) => "as Cognito has them".to_owned(),
    };
    let rest = properties(&[
        ("app client", answer.app_client_id.clone()),
        ("event version", version),
        ("scopes added", texts(&answer.scopes)),
        ("scopes taken out", answer.scopes_suppressed.join("\n")),
        ("groups", groups),
        ("not in the ID token", suppressed(&answer.id_token)),
        ("not in the access token", suppressed(&answer.access_token)),
        ("claims and scopes", format!("about {}; Cognito takes 5000", answer.claims)),
        ("warnings", warnings.join("\n")),
    ]);
    format!("{claims}\n{rest}")
}

fn rows(answer: &PreviewClaimsResponse) -> Vec<[String; 4]> {
    let mut rows: BTreeMap<&str, [String; 4]> = BTreeMap::new();
    for (column, token) in [(1, &answer.id_token), (2, &answer.access_token)] {
        for claim in token.iter().flat_map(|token| &token.claims) {
            let row = rows
                .entry(&claim.name)
                .or_insert_with(|| [claim.name.clone(), String::new(), String::new(), claim.policy.clone()]);
            if let Some(cell) = row.get_mut(column) {
                *cell = claim.value.as_ref().map(value_of).unwrap_or_default();
            }
        }
    }
    rows.into_values().collect()
}

fn texts(said: &[PreviewedText]) -> String {
    let lines: Vec<String> = said
        .iter()
        .map(|one| match one.policy.as_str() {
            "" => format!("{} (Cognito)", one.text),
            policy => format!("{} ({policy})", one.text),
        })
        .collect();
    lines.join("\n")
}
