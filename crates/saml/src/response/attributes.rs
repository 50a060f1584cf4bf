//! What the Assertion says of the person (SAML core section 2.7.3).

use super::name_id;
use crate::{Attribute, CheckName, NameId, Refusal, check::Checklist, limit, name::ASSERTION, xml::Node};

/// So many attributes most identity providers do not send.
const USUAL: usize = 16;

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Reads the attributes. The finding tells how many there are.
pub(crate) fn read(assertion: Node<'_>, checks: &mut Checklist) -> Result<Vec<Attribute>, Refusal> {
    let (name, expected) = (CheckName::Attributes, "values within the limits, without comments");
    let mut attributes = Vec::with_capacity(USUAL);
    let mut values = 0;
    let statements = assertion.named(ASSERTION, "AttributeStatement");
    for node in statements.flat_map(|statement| statement.named(ASSERTION, "Attribute")) {
        let attribute = attribute(node).map_err(|refusal| checks.fail(name, expected, refusal.reason(), refusal))?;
        values += attribute.count();
        attributes.push(attribute);
        if attributes.len() > limit::ATTRIBUTES_MAX || values > limit::ATTRIBUTE_VALUES_MAX {
            let found = format!("more than {} attributes, {} values", attributes.len() - 1, values);
            return Err(checks.fail(name, expected, &found, Refusal::LimitExceeded));
        }
    }
    let count = attributes.len();
    let statements = assertion.named(ASSERTION, "AttributeStatement");
    match statements.flat_map(|statement| statement.named(ASSERTION, "EncryptedAttribute")).count() {
        0 => checks.pass(name, expected, format_args!("{count} attributes, {values} values")),
        encrypted => {
            let found = format_args!("{count} attributes, {values} values; {encrypted} encrypted ones are not read");
            checks.warn(name, expected, found);
        }
    }
    Ok(attributes)
}

fn attribute(node: Node<'_>) -> Result<Attribute, Refusal> {
    let text = |attribute| node.attribute(attribute).map(str::to_owned);
    let name = text("Name").unwrap_or_default();
    let friendly_name = text("FriendlyName");
    let too_long = |label: &String| limit::is_beyond(label, limit::NAME_ID_CHARS_MAX);
    if [Some(&name), friendly_name.as_ref()].into_iter().flatten().any(too_long) {
        return Err(Refusal::LimitExceeded);
    }
    let (mut values, mut name_ids, mut unreadable) = (Vec::new(), Vec::new(), 0);
    for node in node.named(ASSERTION, "AttributeValue") {
        match Value::read(node)? {
            Value::Nil => {}
            Value::Text(value) => values.push(value),
            Value::NameId(value) => name_ids.push(value),
            Value::Unreadable => unreadable += 1,
        }
    }
    Ok(Attribute { name, friendly_name, values, name_ids, unreadable })
}

enum Value {
    /// SAML core section 2.7.3.1.1: no value.
    Nil,
    Text(String),
    NameId(NameId),
    /// Structured XML, which SAML allows and nothing here can mean.
    Unreadable,
}

impl Value {
    /// Reads one value. Structured XML is told apart from text that somebody has broken up: where text stands beside
    /// elements, or a comment or an instruction stands anywhere, readers differ in what the value is.
    fn read(node: Node<'_>) -> Result<Self, Refusal> {
        let nil = node.element().and_then(|element| element.get_attribute_ns(SCHEMA_INSTANCE, "nil"));
        if matches!(nil, Some("true" | "1")) {
            return if node.is_empty() { Ok(Self::Nil) } else { Err(Refusal::ValueForbiddenContent) };
        }
        if let Ok(text) = node.text() {
            return Ok(Self::Text(text.into_owned()));
        }
        if !node.holds_only_elements() || !node.is_plain() {
            return Err(Refusal::ValueForbiddenContent);
        }
        let mut elements = node.elements();
        let name_id = elements.next().filter(|first| first.is(ASSERTION, "NameID") && elements.next().is_none());
        Ok(name_id.and_then(|name_id| name_id::read(name_id).ok()).map_or(Self::Unreadable, Self::NameId))
    }
}
