//! The signatures themselves, by bergshamra, on the tree that everything else reads.

use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::{VerifyResult, dsig::verify::verify_all_document_with_source};
use uppsala::Document;

use super::{Expectation, profile::Signed, shape::Shape};
use crate::{Certificate, CheckName, Fingerprint, Refusal, check::Checklist, name::DSIG, xml::Node};

/// Who signed what.
pub(super) struct Signer {
    pub(super) fingerprint: Fingerprint,
    /// Of every signature, each once.
    pub(super) fingerprints: Vec<Fingerprint>,
    /// Whether the Response itself is covered, not only the Assertion.
    pub(super) covers_response: bool,
}

/// Verifies every signature; each must be valid and cover exactly the element it stands in.
pub(super) fn verify(
    document: &Document<'_>,
    xml: &str,
    shape: &Shape<'_>,
    signed: &[Signed<'_>],
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<Signer, Refusal> {
    let (name, expected) = (CheckName::SignatureValue, "verifies with the key of a trusted certificate");
    let results = verify_all_document_with_source(&expectation.trusted.context, document, Some(xml));
    let results = results.unwrap_or_default();
    if results.len() != signed.len() {
        return Err(checks.fail(name, expected, "could not be processed", Refusal::SignatureInvalid));
    }
    let mut by_assertion = None;
    let mut by_response = None;
    for each in signed {
        let certificate = match covering(each, &results) {
            Ok(key_name) => expectation.trusted.named(key_name),
            Err(reason) => {
                let (found, refusal) = diagnose(each, reason, expectation);
                return Err(checks.fail(name, expected, &found, refusal));
            }
        };
        let slot = if each.parent.id() == shape.response.id() { &mut by_response } else { &mut by_assertion };
        *slot = certificate;
    }
    // The Assertion's own signature speaks for it; else the Response's does, which covers it.
    let Some(certificate) = by_assertion.or(by_response) else {
        return Err(checks.fail(name, expected, "by an unknown key", Refusal::CertificateNotTrusted));
    };
    checks.pass(name, expected, &certificate.fingerprint().to_string());
    validity(certificate, expectation, checks);
    let mut fingerprints: Vec<_> =
        [by_assertion, by_response].into_iter().flatten().map(Certificate::fingerprint).collect();
    fingerprints.dedup();
    Ok(Signer { fingerprint: certificate.fingerprint(), fingerprints, covers_response: by_response.is_some() })
}

/// The name of the key that verified this signature, when the engine says that it is valid, that all digests were
/// computed here and that its only reference resolved to the element it stands in. Else the engine's reason.
fn covering<'r>(signed: &Signed<'_>, results: &'r [VerifyResult]) -> Result<&'r str, &'r str> {
    let mut reason = "not verified";
    for result in results {
        match result {
            VerifyResult::Valid { signature_node, references, key_info }
                if *signature_node == signed.signature.id() =>
            {
                let [reference] = references.as_slice() else { return Err("not exactly one reference") };
                if !reference.digest_verified || reference.resolved_node != Some(signed.parent.id()) {
                    return Err("the reference resolves to another element");
                }
                return key_info.key_name.as_deref().ok_or("verified by a key without a name");
            }
            VerifyResult::Valid { .. } => {}
            VerifyResult::Invalid { reason: why } => reason = why,
        }
    }
    Err(reason)
}

/// Says more about a signature that does not verify. Nothing is accepted here.
///
/// When the content is as it was signed and the message names a certificate that is not trusted, the trust is what
/// is wrong: the identity provider has a new key, or the message comes from somebody else.
fn diagnose(signed: &Signed<'_>, reason: &str, expectation: &Expectation<'_>) -> (String, Refusal) {
    let content_changed = reason.starts_with("Reference digest failed");
    let mut embedded = embedded_certificates(signed.signature).peekable();
    let named = embedded.peek().copied();
    let trusted = |found: Fingerprint| {
        expectation.trusted.certificates().iter().any(|certificate| certificate.fingerprint() == found)
    };
    match named {
        Some(fingerprint) if !content_changed && !embedded.any(trusted) => {
            (format!("signed with certificate {fingerprint}"), Refusal::CertificateNotTrusted)
        }
        _ => (reason.to_owned(), Refusal::SignatureInvalid),
    }
}

/// The fingerprints of all certificates that stand below an element. They prove nothing.
pub(crate) fn embedded_certificates(signature: Node<'_>) -> impl Iterator<Item = Fingerprint> {
    signature.walk().filter(|node| node.is(DSIG, "X509Certificate")).filter_map(|node| {
        let compact: String = node.text().ok()?.split_ascii_whitespace().collect();
        Some(Fingerprint::of(&STANDARD.decode(compact).ok()?))
    })
}

/// The key is pinned, so an expired certificate still proves who signed; somebody should renew it.
fn validity(certificate: &Certificate, expectation: &Expectation<'_>, checks: &mut Checklist) {
    let expected = "within its validity";
    let found = format!("valid from {} to {}", certificate.not_before(), certificate.not_after());
    if certificate.is_valid_at(expectation.now) {
        checks.pass(CheckName::SignatureCertificate, expected, &found);
    } else {
        checks.warn(CheckName::SignatureCertificate, expected, &found);
    }
}
