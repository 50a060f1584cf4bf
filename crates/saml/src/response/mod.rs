//! Validation of a Response: see the crate's documentation for the order of things.

mod address;
pub(crate) mod attributes;
mod conditions;
mod decode;
pub(crate) mod encrypted;
pub(crate) mod instant;
pub(crate) mod name_id;
mod profile;
mod shape;
mod signature;
mod statement;
mod subject;

use std::time::Duration;

use vestibule_kernel::Timestamp;

pub(crate) use self::{
    decode::decode,
    instant::Window,
    shape::Inventory,
    signature::{Validity, diagnose, embedded_certificates},
};
use self::{
    shape::{Message, Shape},
    signature::Signer,
};
use crate::{
    Assertion, CheckName, DecryptionKeys, Fingerprint, Refusal, TrustedCertificates, Verdict,
    check::{Checklist, Listed, Verified},
    xml::{self, Limits},
};

/// What a Response is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// Our entity id on this connection.
    pub service_provider: &'a str,
    /// Our assertion consumer service, where the message arrived.
    pub acs_url: &'a str,
    /// The entity id of the identity provider.
    pub identity_provider: &'a str,
    /// The certificates whose keys may have signed.
    pub trusted: &'a TrustedCertificates,
    /// The ID of the request that is answered; `None`: the Response must answer no request.
    pub in_response_to: Option<&'a str>,
    /// The present.
    pub now: Timestamp,
    /// By how much the clocks of both sides may differ; at most [`crate::limit::SKEW_MAX`] counts.
    pub skew: Duration,
    /// Until when signatures and digests with SHA-1 are accepted, each time with a warning; `None`: they are not.
    pub sha1_until: Option<Timestamp>,
    /// Whether a certificate outside its validity verifies nothing. The key is what is trusted, so otherwise it is a warning.
    pub enforce_certificate_validity: bool,
    /// The keys that open what is encrypted; `None` or none of them: nothing encrypted is expected.
    pub decryption: Option<&'a DecryptionKeys>,
    /// Whether an Assertion that is not encrypted is refused.
    pub encryption_required: bool,
    /// The authentication contexts of which the Assertion must state one; when empty, any will do.
    pub required_authn_context: &'a [String],
}

/// Judges the form value `SAMLResponse` of the HTTP POST binding.
#[must_use]
pub fn validate(saml_response: &str, expectation: &Expectation<'_>) -> Verdict {
    let mut checks = Checklist::default();
    let judged = decode(saml_response, &mut checks).and_then(|document| {
        let Judged { assertion, evidence } = judge(&document, expectation, &mut checks)?;
        Ok((assertion, evidence.of(document)))
    });
    checks.into_verdict(judged)
}

/// Judges a Response that is decoded already.
#[must_use]
pub fn validate_xml(response: &str, expectation: &Expectation<'_>) -> Verdict {
    let mut checks = Checklist::default();
    checks.pass(CheckName::MessageEncoding, "Base64 of UTF-8", "decoded by the caller");
    let judged = judge(response, expectation, &mut checks);
    checks.into_verdict(judged.map(|Judged { assertion, evidence }| (assertion, evidence.of(response.to_owned()))))
}

/// What was accepted.
struct Judged {
    assertion: Assertion,
    evidence: Evidence,
}

/// What another engine can verify.
enum Evidence {
    /// The message itself, and the certificates that signed it.
    Message(Vec<Fingerprint>),
    /// Another document, or nothing.
    Document(Option<Verified>),
}

impl Evidence {
    fn of(self, message: String) -> Option<Verified> {
        match self {
            Self::Message(signed_by) => Some(Verified { document: message, signed_by }),
            Self::Document(verified) => verified,
        }
    }
}

fn judge(xml: &str, expectation: &Expectation<'_>, checks: &mut Checklist) -> Result<Judged, Refusal> {
    let expected = "well-formed XML without DTD, within the limits";
    let document = xml::parse(xml, Limits::RESPONSE).map_err(|fault| {
        let refusal = Refusal::from(fault);
        checks.fail(CheckName::MessageXml, expected, format_args!("{} bytes: {refusal}", xml.len()), refusal)
    })?;
    checks.pass(CheckName::MessageXml, expected, format_args!("{} bytes", xml.len()));
    // From here on `document` is the only reading of the message there is.
    let decrypts = expectation.decryption.is_some_and(|keys| !keys.is_empty());
    let shape = match Message::read(&document, decrypts, checks)? {
        Message::Plain(shape) => shape,
        Message::Encrypted(envelope) => return encrypted::judge(&envelope, expectation, checks),
    };
    encrypted::may_be_plain(expectation, checks)?;
    let signer = verify(&shape, expectation, checks)?;
    let assertion = read(&shape, &signer, expectation, checks)?;
    let evidence =
        if shape.hides_name_id() { Evidence::Document(None) } else { Evidence::Message(signer.fingerprints) };
    Ok(Judged { assertion, evidence })
}

/// Checks the form of every signature, then verifies it.
fn verify(shape: &Shape<'_>, expectation: &Expectation<'_>, checks: &mut Checklist) -> Result<Signer, Refusal> {
    let signatures = profile::inspect(shape, expectation, checks)?;
    signature::verify(shape, &signatures, expectation, checks)
}

/// Reads and compares values. The signature covers the Assertion: only from there is anything taken.
fn read(
    shape: &Shape<'_>,
    signer: &Signer,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<Assertion, Refusal> {
    let window = Window::new(expectation.now, expectation.skew);
    address::compare(shape, signer, expectation, checks)?;
    let issue_instant = instant::issue(shape.assertion, window, checks)?;
    let (name_id, confirmed_until) = subject::read(shape.assertion, expectation, window, checks)?;
    let valid_until = conditions::check(shape.assertion, expectation, window, checks)?;
    let authentication = statement::authentication(shape.assertion, window, checks)?;
    authn_context(authentication.context.as_deref(), expectation, checks)?;
    let attributes = attributes::read(shape.assertion, checks)?;
    let ends = [Some(confirmed_until), valid_until, authentication.session_not_on_or_after];
    Ok(Assertion {
        id: shape.assertion_id.to_owned(),
        issuer: expectation.identity_provider.to_owned(),
        subject: name_id,
        session_index: authentication.session_index,
        authn_instant: authentication.instant,
        authn_context: authentication.context,
        issue_instant,
        not_on_or_after: ends.into_iter().flatten().min().unwrap_or(confirmed_until),
        attributes,
        signed_by: signer.fingerprint,
    })
}

/// SAML core section 3.3.2.2.1: who asks with the comparison `exact` is answered with one of the contexts that were asked
/// for. An identity provider that does otherwise has not done what was required.
fn authn_context(found: Option<&str>, expectation: &Expectation<'_>, checks: &mut Checklist) -> Result<(), Refusal> {
    let (name, required) = (CheckName::AuthnContext, expectation.required_authn_context);
    let any = required.is_empty().then_some("any");
    let expected = Listed(required.iter().map(String::as_str).chain(any));
    let holds = required.is_empty() || found.is_some_and(|found| required.iter().any(|one| one == found));
    let found = found.unwrap_or("no AuthnContextClassRef");
    checks.require(name, holds, expected, found, Refusal::AuthnContextMismatch)
}

impl From<xml::Fault> for Refusal {
    fn from(fault: xml::Fault) -> Self {
        match fault {
            xml::Fault::TooLarge => Self::MessageTooLarge,
            xml::Fault::TagTooLarge => Self::XmlTagTooLarge,
            xml::Fault::TooDeep => Self::XmlTooDeep,
            xml::Fault::TooDense => Self::XmlTooDense,
            xml::Fault::Doctype => Self::XmlDoctypeForbidden,
            xml::Fault::Malformed => Self::XmlMalformed,
        }
    }
}
