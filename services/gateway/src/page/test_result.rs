use askama::Template;
use axum::{http::StatusCode, response::Response};
use uuid::Uuid;
use vestibule_rpc::saml::v1::{Check, TestIdentity, check, refusal, validate_test_response_response::Outcome};

use super::respond;

/// The most values of one claim that the page shows.
const VALUES_MAX: usize = 50;

/// What came of a test sign-in.
pub(crate) struct TestResult<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) checks: &'a [Check],
    /// Where another attempt begins.
    pub(crate) again: &'a str,
    pub(crate) reference: Uuid,
}

#[derive(Template)]
#[template(path = "test_result.html")]
struct Page<'a> {
    refused: Option<Refused<'a>>,
    claims: Vec<(&'static str, String)>,
    checks: Vec<Line<'a>>,
    again: &'a str,
    reference: Uuid,
}

struct Refused<'a> {
    reason: &'a str,
    message: &'a str,
    mended_by: &'static str,
}

struct Line<'a> {
    mark: &'static str,
    name: &'a str,
    expected: &'a str,
    found: &'a str,
}

/// The page on which a test sign-in ends: every check, and what would be released.
pub(crate) fn test_result(result: &TestResult<'_>) -> Response {
    let (refused, claims) = match result.outcome {
        Outcome::Passed(identity) => (None, claims(identity)),
        Outcome::Refused(refusal) => {
            let mended_by = mended_by(refusal.responsible());
            (Some(Refused { reason: &refusal.reason, message: &refusal.message, mended_by }), Vec::new())
        }
    };
    let checks = result.checks.iter().map(line).collect();
    let status = if refused.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    respond(status, &Page { refused, claims, checks, again: result.again, reference: result.reference })
}

fn claims(identity: &TestIdentity) -> Vec<(&'static str, String)> {
    let email = if identity.email_verified { identity.email.clone() } else { "not released".to_owned() };
    let claims = [
        ("email", email),
        ("name", identity.name.clone()),
        ("given_name", identity.given_name.clone()),
        ("family_name", identity.family_name.clone()),
        ("groups", values(&identity.groups)),
        ("roles", values(&identity.roles)),
        ("acr", identity.acr.clone()),
        ("recognised by", identity.subject.clone()),
    ];
    claims.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn values(values: &[String]) -> String {
    let shown: Vec<&str> = values.iter().take(VALUES_MAX).map(String::as_str).collect();
    let more = values.len().saturating_sub(VALUES_MAX);
    if more == 0 { shown.join(", ") } else { format!("{}, and {more} more", shown.join(", ")) }
}

fn line(check: &Check) -> Line<'_> {
    let (mark, tells) = match check.status() {
        check::Status::Passed => ("✓", false),
        check::Status::Warning => ("!", true),
        check::Status::Failed => ("✗", true),
        check::Status::NotReached | check::Status::Unspecified => ("–", false),
    };
    let (expected, found) = if tells { (&*check.expected, &*check.found) } else { ("", "") };
    Line { mark, name: &check.name, expected, found }
}

const fn mended_by(responsible: refusal::Responsible) -> &'static str {
    match responsible {
        refusal::Responsible::IdentityProvider => "the administrator of the identity provider",
        refusal::Responsible::Cognito | refusal::Responsible::Application => "the application",
        refusal::Responsible::Person => "whoever signs in",
        refusal::Responsible::Operator | refusal::Responsible::Unspecified => "whoever sent you the link",
    }
}
