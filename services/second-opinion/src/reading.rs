use quick_xml::{NsReader, events::Event, name::ResolveResult};
use samael::{
    attribute::AttributeValue,
    schema::{Assertion, Response, SubjectConfirmation},
};
use vestibule_second_opinion_protocol::{Attribute, Confirmation, NameId, Reading};

const ASSERTION: &[u8] = b"urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &[u8] = b"urn:oasis:names:tc:SAML:2.0:protocol";

/// Reads, with samael's reader, the bytes whose digest was signed: an Assertion, or a Response that holds one.
pub(crate) fn read(signed: &str) -> Option<Reading> {
    let assertion = match root(signed)? {
        Root::Assertion => signed.parse().ok()?,
        Root::Response => signed.parse::<Response>().ok()?.assertion?,
    };
    Some(said(assertion))
}

enum Root {
    Assertion,
    Response,
}

/// samael's reader takes any root element for the one it expects.
fn root(signed: &str) -> Option<Root> {
    let mut reader = NsReader::from_str(signed);
    loop {
        let (namespace, event) = reader.read_resolved_event().ok()?;
        let element = match event {
            Event::Start(element) => element,
            Event::Eof => return None,
            _ => continue,
        };
        let ResolveResult::Bound(namespace) = namespace else { return None };
        return match (namespace.as_ref(), element.local_name().as_ref()) {
            (ASSERTION, b"Assertion") => Some(Root::Assertion),
            (PROTOCOL, b"Response") => Some(Root::Response),
            _ => None,
        };
    }
}

fn said(assertion: Assertion) -> Reading {
    let subject = assertion.subject;
    let (name_id, confirmations) =
        subject.map_or((None, None), |subject| (subject.name_id, subject.subject_confirmations));
    let restrictions = assertion.conditions.and_then(|conditions| conditions.audience_restrictions);
    let authentication = assertion.authn_statements.unwrap_or_default().into_iter().next();
    let (authn_instant, session_index, authn_context) = authentication.map_or((None, None, None), |statement| {
        let class = statement.authn_context.and_then(|context| context.value).and_then(|class| class.value);
        (statement.authn_instant, statement.session_index, class)
    });
    let attributes = assertion.attribute_statements.unwrap_or_default().into_iter();
    Reading {
        assertion_id: assertion.id,
        issuer: assertion.issuer.value.unwrap_or_default(),
        issue_instant: assertion.issue_instant.timestamp_millis(),
        name_id: name_id.map(|name_id| NameId { value: name_id.value, format: name_id.format }),
        confirmations: confirmations.unwrap_or_default().into_iter().map(confirmation).collect(),
        audiences: restrictions.unwrap_or_default().into_iter().map(|restriction| restriction.audience).collect(),
        authn_instant: authn_instant.map(|instant| instant.timestamp_millis()),
        session_index,
        authn_context,
        attributes: attributes.flat_map(|statement| statement.attributes).map(attribute).collect(),
    }
}

fn confirmation(confirmation: SubjectConfirmation) -> Confirmation {
    let data = confirmation.subject_confirmation_data;
    let (recipient, in_response_to) = data.map_or((None, None), |data| (data.recipient, data.in_response_to));
    Confirmation { method: confirmation.method, recipient, in_response_to }
}

fn attribute(attribute: samael::attribute::Attribute) -> Attribute {
    let value = |value: AttributeValue| value.value.unwrap_or_default();
    Attribute { name: attribute.name.unwrap_or_default(), values: attribute.values.into_iter().map(value).collect() }
}
