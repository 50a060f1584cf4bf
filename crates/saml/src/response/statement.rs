//! What the Assertion states: that somebody was authenticated, and what they are like.

use vestibule_kernel::Timestamp;

use super::instant::{self, Window};
use crate::{Attribute, CheckName, Refusal, check::Checklist, limit, name::ASSERTION, xml::Node};

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The AuthnStatement.
pub(super) struct Authentication {
    pub(super) instant: Timestamp,
    pub(super) context: Option<String>,
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<Timestamp>,
}

/// SAML core section 2.7.2; at least one is required (profiles section 4.1.4.2), the first is read.
pub(super) fn authentication(
    assertion: Node<'_>,
    window: Window,
    checks: &mut Checklist,
) -> Result<Authentication, Refusal> {
    let (name, expected) = (CheckName::AuthnStatement, "AuthnInstant in the past, session not ended");
    let Some(statement) = assertion.named(ASSERTION, "AuthnStatement").next() else {
        return Err(checks.fail(name, expected, "none", Refusal::AuthnStatementMissing));
    };
    let times = (instant::read(statement, "AuthnInstant"), instant::read(statement, "SessionNotOnOrAfter"));
    let (Ok(Some(instant)), Ok(session_not_on_or_after)) = times else {
        return Err(checks.fail(name, expected, "a malformed moment", Refusal::InstantMalformed));
    };
    if !window.has_begun(instant) {
        return Err(checks.fail(name, expected, &instant.to_string(), Refusal::AssertionNotYetValid));
    }
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
    let too_long = |text: Option<&str>| text.is_some_and(|text| text.chars().count() > limit::ID_CHARS_MAX);
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

/// SAML core section 2.7.3. The finding tells how many there are.
pub(super) fn attributes(assertion: Node<'_>, checks: &mut Checklist) -> Result<Vec<Attribute>, Refusal> {
    let (name, expected) = (CheckName::Attributes, "plain text values within the limits");
    let mut attributes = Vec::new();
    let mut values = 0;
    let statements = assertion.named(ASSERTION, "AttributeStatement");
    for node in statements.flat_map(|statement| statement.named(ASSERTION, "Attribute")) {
        let attribute = read(node).map_err(|refusal| checks.fail(name, expected, refusal.reason(), refusal))?;
        values += attribute.values.len();
        attributes.push(attribute);
        if attributes.len() > limit::ATTRIBUTES_MAX || values > limit::ATTRIBUTE_VALUES_MAX {
            let found = format!("more than {} attributes, {} values", attributes.len() - 1, values);
            return Err(checks.fail(name, expected, &found, Refusal::LimitExceeded));
        }
    }
    checks.pass(name, expected, &format!("{} attributes, {values} values", attributes.len()));
    Ok(attributes)
}

fn read(node: Node<'_>) -> Result<Attribute, Refusal> {
    let text = |attribute| node.attribute(attribute).map(str::to_owned);
    let name = text("Name").unwrap_or_default();
    let labels = [Some(&name), text("NameFormat").as_ref(), text("FriendlyName").as_ref()]
        .into_iter()
        .flatten()
        .any(|label| label.chars().count() > limit::NAME_ID_CHARS_MAX);
    if labels {
        return Err(Refusal::LimitExceeded);
    }
    let mut values = Vec::new();
    for value in node.named(ASSERTION, "AttributeValue") {
        let nil = value.element().and_then(|element| element.get_attribute_ns(SCHEMA_INSTANCE, "nil"));
        if matches!(nil, Some("true" | "1")) {
            continue;
        }
        values.push(value.text().map_err(|_| Refusal::ValueForbiddenContent)?.into_owned());
    }
    Ok(Attribute { name, name_format: text("NameFormat"), friendly_name: text("FriendlyName"), values })
}
