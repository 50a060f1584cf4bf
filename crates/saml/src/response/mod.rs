//! Validation of a Response: see the crate's documentation for the order of things.

mod address;
mod conditions;
mod decode;
pub(crate) mod instant;
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
    signature::{diagnose, embedded_certificates},
};
use self::{shape::Shape, signature::Signer};
use crate::{
    Assertion, CheckName, Fingerprint, Refusal, TrustedCertificates, Verdict,
    check::{Checklist, Verified},
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
    /// The ID of the request that is answered.
    pub in_response_to: &'a str,
    /// The present.
    pub now: Timestamp,
    /// By how much the clocks of both sides may differ; at most [`crate::limit::SKEW_MAX`] counts.
    pub skew: Duration,
    /// Until when signatures and digests with SHA-1 are accepted, each time with a warning; `None`: they are not.
    pub sha1_until: Option<Timestamp>,
}

/// Judges the form value `SAMLResponse` of the HTTP POST binding.
#[must_use]
pub fn validate(saml_response: &str, expectation: &Expectation<'_>) -> Verdict {
    let mut checks = Checklist::default();
    let judged = decode(saml_response, &mut checks).and_then(|document| {
        let (assertion, signed_by) = judge(&document, expectation, &mut checks)?;
        Ok((assertion, Verified { document, signed_by }))
    });
    checks.into_verdict(judged)
}

/// Judges a Response that is decoded already.
#[must_use]
pub fn validate_xml(response: &str, expectation: &Expectation<'_>) -> Verdict {
    let mut checks = Checklist::default();
    checks.pass(CheckName::MessageEncoding, "Base64 of UTF-8", "decoded by the caller");
    let judged = judge(response, expectation, &mut checks);
    checks.into_verdict(judged.map(|(assertion, signed_by)| {
        let document = response.to_owned();
        (assertion, Verified { document, signed_by })
    }))
}

/// The assertion, and the certificates that signed.
fn judge(
    xml: &str,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<(Assertion, Vec<Fingerprint>), Refusal> {
    let expected = "well-formed XML without DTD, within the limits";
    let document = xml::parse(xml, Limits::RESPONSE).map_err(|fault| {
        let refusal = Refusal::from(fault);
        checks.fail(CheckName::MessageXml, expected, &format!("{} bytes: {refusal}", xml.len()), refusal)
    })?;
    checks.pass(CheckName::MessageXml, expected, &format!("{} bytes", xml.len()));
    // From here on `document` is the only reading of the message there is.
    let shape = Shape::read(&document, checks)?;
    let signatures = profile::inspect(&shape, expectation, checks)?;
    let signer = signature::verify(&shape, &signatures, expectation, checks)?;
    let assertion = read(&shape, &signer, expectation, checks)?;
    Ok((assertion, signer.fingerprints))
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
    let attributes = statement::attributes(shape.assertion, checks)?;
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

impl From<xml::Fault> for Refusal {
    fn from(fault: xml::Fault) -> Self {
        match fault {
            xml::Fault::TooLarge => Self::MessageTooLarge,
            xml::Fault::TagTooLarge => Self::XmlTagTooLarge,
            xml::Fault::TooDeep => Self::XmlTooDeep,
            xml::Fault::Doctype => Self::XmlDoctypeForbidden,
            xml::Fault::Malformed => Self::XmlMalformed,
        }
    }
}
