use vestibule_saml::{Assertion, name_id_format};
use vestibule_second_opinion_protocol::{Attribute, Confirmation, Reading};

/// SAML profiles section 3.3.
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// What our engine compared the assertion with: where it found them equal, the other one has to, too.
pub(super) struct Addressed<'a> {
    pub(super) identity_provider: &'a str,
    pub(super) service_provider: &'a str,
    pub(super) acs_url: &'a str,
    /// The request that is answered.
    pub(super) in_response_to: &'a str,
}

/// The names of all that both engines have not read alike; no values, which are about people.
pub(super) fn differences(ours: &Assertion, addressed: &Addressed<'_>, reading: &Reading) -> Vec<&'static str> {
    let name_id = reading.name_id.as_ref();
    let format = name_id.and_then(|name_id| name_id.format.as_deref()).unwrap_or(name_id_format::UNSPECIFIED);
    let alike = [
        ("assertion id", ours.id == reading.assertion_id),
        ("issuer", same_uri(addressed.identity_provider, &reading.issuer)),
        ("issue instant", ours.issue_instant.unix_millis() == reading.issue_instant),
        ("name id", name_id.is_some_and(|name_id| ours.subject.value == name_id.value)),
        ("name id format", name_id.is_none() || ours.subject.format == format),
        ("confirmation", reading.confirmations.iter().any(|each| confirms(each, addressed))),
        ("audience", is_addressed(&reading.audiences, addressed.service_provider)),
        ("authn instant", reading.authn_instant == Some(ours.authn_instant.unix_millis())),
        ("session index", ours.session_index == reading.session_index),
        ("authn context", same_context(ours.authn_context.as_deref(), reading.authn_context.as_deref())),
        ("attributes", attributes(ours) == others(&reading.attributes)),
    ];
    alike.into_iter().filter(|(_, alike)| !alike).map(|(name, _)| name).collect()
}

/// Ours takes white space around a URI for layout (XML Schema part 2, anyURI); the other reader keeps it.
fn same_uri(one: &str, other: &str) -> bool {
    cut(one) == cut(other)
}

fn same_context(ours: Option<&str>, theirs: Option<&str>) -> bool {
    same_uri(ours.unwrap_or_default(), theirs.unwrap_or_default())
}

/// Without what XML calls white space (section 2.3), and nothing else.
fn cut(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

fn confirms(confirmation: &Confirmation, addressed: &Addressed<'_>) -> bool {
    confirmation.method.as_deref() == Some(BEARER)
        && confirmation.recipient.as_deref() == Some(addressed.acs_url)
        && confirmation.in_response_to.as_deref() == Some(addressed.in_response_to)
}

/// Every restriction must name us (SAML core section 2.5.1.4).
fn is_addressed(restrictions: &[Vec<String>], service_provider: &str) -> bool {
    let names_us = |audiences: &Vec<String>| audiences.iter().any(|audience| same_uri(audience, service_provider));
    !restrictions.is_empty() && restrictions.iter().all(names_us)
}

/// Names and values in order. The other reader cannot tell nil, empty and blank values apart: none of them counts.
fn attributes(ours: &Assertion) -> Vec<(&str, Vec<&str>)> {
    ours.attributes.iter().map(|attribute| (attribute.name.as_str(), values(&attribute.values))).collect()
}

fn others(theirs: &[Attribute]) -> Vec<(&str, Vec<&str>)> {
    theirs.iter().map(|attribute| (attribute.name.as_str(), values(&attribute.values))).collect()
}

fn values(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).filter(|value| !cut(value).is_empty()).collect()
}

#[cfg(test)]
mod tests;
