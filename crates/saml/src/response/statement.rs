//! What the Assertion states: that somebody was authenticated.

use vestibule_kernel::Timestamp;

use super::instant::{self, Window};
use crate::{CheckName, Refusal, check::Checklist, limit, name::ASSERTION, xml::Node};

/// The AuthnStatement.
pub(super) struct Authentication {
    pub(super) instant: Timestamp,
    pub(super) context: Option<String>,
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<Timestamp>,
}

/// SAML core section 2.7.2; at least one is required (profiles section 4.1.4.2). The first is read; when the session
/// ends, any of them may say, and the earliest counts.
pub(super) fn authentication(
    assertion: Node<'_>,
    window: Window,
    checks: &mut Checklist,
) -> Result<Authentication, Refusal> {
    let (name, expected) = (CheckName::AuthnStatement, "AuthnInstant in the past, session not ended");
    let Some(statement) = assertion.named(ASSERTION, "AuthnStatement").next() else {
        return Err(checks.fail(name, expected, "none", Refusal::AuthnStatementMissing));
    };
    let ends = assertion.named(ASSERTION, "AuthnStatement").map(|each| instant::read(each, "SessionNotOnOrAfter"));
    let ends: Result<Vec<_>, _> = ends.collect();
    let (Ok(Some(instant)), Ok(ends)) = (instant::read(statement, "AuthnInstant"), ends) else {
        return Err(checks.fail(name, expected, "a malformed moment", Refusal::InstantMalformed));
    };
    if !window.has_begun(instant) {
        return Err(checks.fail(name, expected, &instant.to_string(), Refusal::AssertionNotYetValid));
    }
    let session_not_on_or_after = ends.into_iter().flatten().min();
    if let Some(end) = session_not_on_or_after.filter(|end| window.has_ended(*end)) {
        return Err(checks.fail(name, expected, &format!("session ended {end}"), Refusal::SessionExpired));
    }
    let session_index = statement.attribute("SessionIndex");
    let context = statement
        .only(ASSERTION, "AuthnContext")
        .and_then(|context| context.only(ASSERTION, "AuthnContextClassRef"))
        .map(Node::uri)
        .transpose();
    let Ok(context) = context else {
        return Err(checks.fail(name, expected, "forbidden content", Refusal::ValueForbiddenContent));
    };
    let too_long = |text: Option<&str>| text.is_some_and(|text| limit::is_beyond(text, limit::ID_CHARS_MAX));
    if too_long(session_index) || too_long(context) {
        return Err(checks.fail(name, expected, "a value beyond the limit", Refusal::LimitExceeded));
    }
    checks.pass(name, expected, context.unwrap_or("no AuthnContextClassRef"));
    Ok(Authentication {
        instant,
        context: context.map(str::to_owned),
        session_index: session_index.map(str::to_owned),
        session_not_on_or_after,
    })
}
