//! The signatures themselves, over the tree that everything else reads.

use vestibule_kernel::Timestamp;

use super::{Expectation, profile::Signed, shape::Shape};
use crate::{
    Certificate, CheckName, Fingerprint, Refusal, TrustedCertificates, check::Checklist, encoding, name::DSIG,
    signature::Unproven, xml::Node,
};

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
    shape: &Shape<'_>,
    signed: &[Signed<'_>],
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<Signer, Refusal> {
    let (name, expected) = (CheckName::SignatureValue, "verifies with the key of a trusted certificate");
    let mut by_assertion = None;
    let mut by_response = None;
    for Signed { signature, algorithms } in signed {
        let certificate = signature.verify(*algorithms, expectation.trusted).map_err(|unproven| {
            let (found, refusal) = diagnose(signature.signature, unproven, expectation.trusted);
            checks.fail(name, expected, &found, refusal)
        })?;
        let of_response = signature.parent.id() == shape.response.id();
        *(if of_response { &mut by_response } else { &mut by_assertion }) = Some(certificate);
    }
    // The Assertion's own signature speaks for it; else the Response's does, which covers it.
    let Some(certificate) = by_assertion.or(by_response) else {
        return Err(checks.fail(name, expected, "no signature", Refusal::SignatureMissing));
    };
    checks.pass(name, expected, format_args!("{}", certificate.fingerprint()));
    let signers = by_assertion.into_iter().chain(by_response);
    let validity = Validity { now: expectation.now, enforced: expectation.enforce_certificate_validity };
    validity.require(signers, expectation.trusted, checks)?;
    let mut fingerprints: Vec<_> =
        [by_assertion, by_response].into_iter().flatten().map(Certificate::fingerprint).collect();
    fingerprints.dedup();
    Ok(Signer { fingerprint: certificate.fingerprint(), fingerprints, covers_response: by_response.is_some() })
}

/// Says more about a signature that does not verify. Nothing is accepted here.
///
/// Where no trusted key verifies and the message names a certificate that is not trusted, the trust is what is wrong:
/// the identity provider has a new key, or the message comes from somebody else.
pub(crate) fn diagnose(signature: Node<'_>, unproven: Unproven, trusted: &TrustedCertificates) -> (String, Refusal) {
    let trusted =
        |found: Fingerprint| trusted.certificates().iter().any(|certificate| certificate.fingerprint() == found);
    let mut embedded = embedded_certificates(signature).peekable();
    match embedded.peek().copied() {
        Some(fingerprint) if unproven == Unproven::Signature && !embedded.any(trusted) => {
            (format!("signed with certificate {fingerprint}"), Refusal::CertificateNotTrusted)
        }
        _ => (unproven.as_str().to_owned(), Refusal::SignatureInvalid),
    }
}

/// The fingerprints of all certificates that stand below an element. They prove nothing.
pub(crate) fn embedded_certificates(signature: Node<'_>) -> impl Iterator<Item = Fingerprint> {
    signature
        .walk()
        .filter(|node| node.is(DSIG, "X509Certificate"))
        .filter_map(|node| Some(Fingerprint::of(&encoding::decode(&node.text().ok()?).ok()?)))
}

/// The key is pinned, so an expired certificate still proves who signed; somebody should renew it. Unless the connection
/// holds certificates to their validity: then every signature needs one that is valid now. It may be another one of the
/// same key, because that is how certificates are renewed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(crate) now: Timestamp,
    pub(crate) enforced: bool,
}

impl Validity {
    /// Notes whether every signer's certificate is valid now, and refuses where that is enforced.
    pub(crate) fn require<'t>(
        self,
        signers: impl Iterator<Item = &'t Certificate>,
        trusted: &'t TrustedCertificates,
        checks: &mut Checklist,
    ) -> Result<(), Refusal> {
        let (name, expected) = (CheckName::SignatureCertificate, "within its validity");
        let mut shown = None;
        for signer in signers {
            let renewed = || {
                let same_key = |each: &&Certificate| each.public_key_der() == signer.public_key_der();
                let mut others = trusted.certificates().iter().filter(same_key);
                others.find(|each| each.is_valid_at(self.now))
            };
            let certificate = Some(signer).filter(|each| each.is_valid_at(self.now)).or_else(renewed);
            let Some(certificate) = certificate else {
                let found = format_args!("valid from {} to {}", signer.not_before(), signer.not_after());
                if self.enforced {
                    return Err(checks.fail(name, expected, found, Refusal::CertificateNotValid));
                }
                checks.warn(name, expected, found);
                return Ok(());
            };
            shown = Some(certificate);
        }
        match shown {
            Some(shown) => {
                let found = format_args!("valid from {} to {}", shown.not_before(), shown.not_after());
                checks.pass(name, expected, found);
            }
            None => checks.pass(name, expected, ""),
        }
        Ok(())
    }
}
