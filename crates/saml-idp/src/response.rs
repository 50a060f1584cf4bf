use std::fmt::Write as _;

use crate::{
    Deviation, EncryptionTerms, IdpError, ResponseTerms, Signed, SigningKey, Subject,
    xml::{ASSERTION, PROTOCOL, escape},
};

/// A Response with its signatures: the Assertion's first, because the Response's covers it.
pub(crate) fn signed(
    entity_id: &str,
    key: &SigningKey,
    subject: &Subject,
    terms: &ResponseTerms,
) -> Result<String, IdpError> {
    let profile = terms.signature.clone().unwrap_or_else(|| key.profile());
    let mut xml = unsigned(entity_id, subject, terms)?;
    if matches!(terms.signed, Signed::Assertion | Signed::Both) {
        xml = key.sign_element(&xml, &terms.assertion_id, &profile)?;
    }
    if let Some(encryption) = terms.encryption.as_ref().filter(|encryption| encryption.encrypts_assertion()) {
        xml = with_assertion_encrypted(&xml, encryption)?;
    }
    if matches!(terms.signed, Signed::Response | Signed::Both) {
        xml = key.sign_element(&xml, &terms.response_id, &profile)?;
    }
    Ok(xml)
}

/// A Response whose Status is a refusal (SAML core section 3.2.2.2), signed as a whole.
pub(crate) fn refusal(
    entity_id: &str,
    key: &SigningKey,
    (code, message): (&str, &str),
    terms: &ResponseTerms,
) -> Result<String, IdpError> {
    let status = format!(
        "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\">\
         <samlp:StatusCode{}/></samlp:StatusCode><samlp:StatusMessage>{}</samlp:StatusMessage></samlp:Status>",
        attribute("Value", Some(code.to_owned())),
        escape(message),
    );
    let xml = response(entity_id, terms, &status, "");
    key.sign_element(&xml, &terms.response_id, &terms.signature.clone().unwrap_or_else(|| key.profile()))
}

/// SAML core section 3.3.3.
fn unsigned(entity_id: &str, subject: &Subject, terms: &ResponseTerms) -> Result<String, IdpError> {
    let status = terms.deviations.status.of("urn:oasis:names:tc:SAML:2.0:status:Success");
    let status = status.map_or_else(String::new, |code| {
        format!("<samlp:Status><samlp:StatusCode Value=\"{}\"/></samlp:Status>", escape(&code))
    });
    Ok(response(entity_id, terms, &status, &assertion(entity_id, subject, terms)?))
}

/// Puts an EncryptedAssertion in the place of the Assertion. What is encrypted is a document of its own, so it declares
/// the namespace that it inherited; exclusive canonicalisation makes no difference between both.
fn with_assertion_encrypted(xml: &str, encryption: &EncryptionTerms) -> Result<String, IdpError> {
    const CLOSE: &str = "</saml:Assertion>";
    let range = xml.find("<saml:Assertion ").zip(xml.rfind(CLOSE).map(|at| at + CLOSE.len()));
    let parts = range.and_then(|(from, to)| Some((xml.get(..from)?, xml.get(from..to)?, xml.get(to..)?)));
    let (before, assertion, after) = parts.ok_or(IdpError::NothingToSign)?;
    let alone = assertion.replacen("<saml:Assertion ", &format!("<saml:Assertion xmlns:saml=\"{ASSERTION}\" "), 1);
    Ok(format!("{before}{}{after}", encryption.encrypt("EncryptedAssertion", &alone)?))
}

fn response(entity_id: &str, terms: &ResponseTerms, status: &str, assertion: &str) -> String {
    let odd = &terms.deviations;
    format!(
        "<samlp:Response xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\"{}{}{}{}{}>{}{status}{assertion}</samlp:Response>",
        attribute("ID", Some(terms.response_id.clone())),
        attribute("Version", odd.version.of("2.0")),
        attribute("IssueInstant", odd.response_issue_instant.of(terms.now.to_string())),
        attribute("Destination", odd.destination.of(&terms.acs_url)),
        attribute("InResponseTo", odd.response_in_response_to.of_option(terms.in_response_to.clone())),
        element("Issuer", odd.response_issuer.of(entity_id)),
    )
}

/// SAML core section 2.3.3.
fn assertion(entity_id: &str, subject: &Subject, terms: &ResponseTerms) -> Result<String, IdpError> {
    let odd = &terms.deviations;
    Ok(format!(
        "<saml:Assertion{} Version=\"2.0\"{}>{}{}{}{}{}</saml:Assertion>",
        attribute("ID", Some(terms.assertion_id.clone())),
        attribute("IssueInstant", odd.assertion_issue_instant.of(terms.now.to_string())),
        element("Issuer", odd.assertion_issuer.of(entity_id)),
        subject_element(subject, terms)?,
        conditions(terms),
        authn_statement(terms),
        attribute_statement(subject),
    ))
}

/// SAML core section 2.4, bearer confirmation by SAML profiles section 4.1.4.2.
fn subject_element(subject: &Subject, terms: &ResponseTerms) -> Result<String, IdpError> {
    let odd = &terms.deviations;
    let name_id = odd.name_id.of(&subject.name_id).map_or_else(String::new, |value| {
        format!("<saml:NameID{}>{}</saml:NameID>", attribute("Format", subject.name_id_format.clone()), escape(&value))
    });
    let name_id = match terms.encryption.as_ref().filter(|encryption| encryption.encrypts_name_id()) {
        Some(encryption) => {
            let alone = name_id.replacen("<saml:NameID", &format!("<saml:NameID xmlns:saml=\"{ASSERTION}\""), 1);
            encryption.encrypt("EncryptedID", &alone)?
        }
        None => name_id,
    };
    let not_on_or_after = terms.now.plus(terms.lifetime).to_string();
    Ok(format!(
        "<saml:Subject>{name_id}<saml:SubjectConfirmation{}><saml:SubjectConfirmationData{}{}{}{}/>\
         </saml:SubjectConfirmation></saml:Subject>",
        attribute("Method", odd.confirmation_method.of("urn:oasis:names:tc:SAML:2.0:cm:bearer")),
        attribute("Recipient", odd.recipient.of(&terms.acs_url)),
        attribute("InResponseTo", odd.confirmation_in_response_to.of_option(terms.in_response_to.clone())),
        attribute("NotBefore", odd.confirmation_not_before.of_option(None)),
        attribute("NotOnOrAfter", odd.confirmation_not_on_or_after.of(not_on_or_after)),
    ))
}

/// SAML core section 2.5.
fn conditions(terms: &ResponseTerms) -> String {
    let odd = &terms.deviations;
    if odd.conditions == Deviation::Omit {
        return String::new();
    }
    let audience = odd.audience.of(&terms.audience).map_or_else(String::new, |audience| {
        format!(
            "<saml:AudienceRestriction><saml:Audience>{}</saml:Audience></saml:AudienceRestriction>",
            escape(&audience)
        )
    });
    format!(
        "<saml:Conditions{}{}>{audience}</saml:Conditions>",
        attribute("NotBefore", odd.not_before.of(terms.now.minus(terms.backdated).to_string())),
        attribute("NotOnOrAfter", odd.not_on_or_after.of(terms.now.plus(terms.lifetime).to_string())),
    )
}

/// SAML core section 2.7.2.
fn authn_statement(terms: &ResponseTerms) -> String {
    let odd = &terms.deviations;
    let Some(instant) = odd.authn_instant.of(terms.now.to_string()) else { return String::new() };
    format!(
        "<saml:AuthnStatement{}{}{}><saml:AuthnContext><saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef>\
         </saml:AuthnContext></saml:AuthnStatement>",
        attribute("AuthnInstant", Some(instant)),
        attribute("SessionIndex", Some(terms.session_index.clone())),
        attribute("SessionNotOnOrAfter", odd.session_not_on_or_after.of_option(None)),
        escape(&terms.authn_context),
    )
}

/// SAML core section 2.7.3.
fn attribute_statement(subject: &Subject) -> String {
    if subject.attributes.is_empty() {
        return String::new();
    }
    let mut xml = "<saml:AttributeStatement>".to_owned();
    for each in &subject.attributes {
        // Writing to a string does not fail.
        let _ = write!(
            xml,
            "<saml:Attribute{}{}{}>",
            attribute("Name", Some(each.name.clone())),
            attribute("NameFormat", each.name_format.clone()),
            attribute("FriendlyName", each.friendly_name.clone()),
        );
        for value in &each.values {
            let _ = write!(xml, "<saml:AttributeValue>{}</saml:AttributeValue>", escape(value));
        }
        xml.push_str("</saml:Attribute>");
    }
    xml.push_str("</saml:AttributeStatement>");
    xml
}

fn attribute(name: &str, value: Option<String>) -> String {
    value.map_or_else(String::new, |value| format!(" {name}=\"{}\"", escape(&value)))
}

fn element(name: &str, value: Option<String>) -> String {
    value.map_or_else(String::new, |value| format!("<saml:{name}>{}</saml:{name}>", escape(&value)))
}
