//! The detached signature of the Redirect binding (SAML bindings section 3.4.4.1).

use super::{ALGORITHMS, LogoutExpectation, query::Query};
use crate::{
    Certificate, CheckName, Fingerprint, Refusal, TrustedCertificates,
    check::Checklist,
    signature::{Hash, Scheme, SignatureMethod},
};

/// The bytes of one of the two numbers of an ECDSA signature, on P-256, P-384 and P-521.
const NUMBER_BYTES: [usize; 3] = [32, 48, 66];

/// Verifies the signature over the raw query. The query names no key, so each trusted one that makes such signatures is
/// tried; there are at most [`crate::limit::CERTIFICATES_MAX`].
pub(super) fn verify(
    query: &Query<'_>,
    expectation: &LogoutExpectation<'_>,
    checks: &mut Checklist,
) -> Result<Fingerprint, Refusal> {
    let (name, expected) = (CheckName::SignaturePresent, "SigAlg and Signature in the query");
    let Some((algorithm, value)) = query.signature() else {
        return Err(checks.fail(name, expected, "not both", Refusal::SignatureMissing));
    };
    checks.pass(name, expected, "both");
    checks.pass(CheckName::SignatureProfile, "detached, over the query as it came", "detached");
    let covered = "the message, its RelayState and the algorithm";
    checks.pass(CheckName::SignatureReference, covered, covered);

    let allowed = |hash: Hash| hash != Hash::Sha1 || expectation.sha1_until().is_some();
    let method = SignatureMethod::of_uri(&algorithm).filter(|method| allowed(method.hash));
    let Some(method) = method else {
        let (name, refusal) = (CheckName::SignatureAlgorithm, Refusal::SignatureAlgorithmNotAllowed);
        return Err(checks.fail(name, ALGORITHMS, &*algorithm, refusal));
    };
    expectation.note_algorithm(&algorithm, method.hash == Hash::Sha1, checks);

    let (name, expected) = (CheckName::SignatureValue, "verifies with the key of a trusted certificate");
    let Some(value) = value else {
        return Err(checks.fail(name, expected, "not Base64", Refusal::SignatureInvalid));
    };
    let Some(certificate) = signer(expectation.trusted, method, &query.signed_bytes(), &value) else {
        return Err(checks.fail(name, expected, "no trusted key verifies the signature", Refusal::SignatureInvalid));
    };
    checks.pass(name, expected, format_args!("{}", certificate.fingerprint()));
    expectation.require_validity(certificate, checks)?;
    Ok(certificate.fingerprint())
}

/// ECDSA signatures come in two forms: the two numbers of XML Signature, and the ASN.1 of most cryptographic libraries,
/// which several products put into queries. Both say the same two numbers.
fn signer<'c>(
    trusted: &'c TrustedCertificates,
    method: SignatureMethod,
    message: &[u8],
    value: &[u8],
) -> Option<&'c Certificate> {
    let found = trusted.signer(method, message, value);
    if found.is_some() || method.scheme != Scheme::Ecdsa {
        return found;
    }
    let [r, s] = asn1_numbers(value)?;
    NUMBER_BYTES.into_iter().find_map(|bytes| {
        let fixed = [padded(r, bytes)?, padded(s, bytes)?].concat();
        trusted.signer(method, message, &fixed)
    })
}

/// `SEQUENCE { r INTEGER, s INTEGER }` in DER (RFC 3279 section 2.2.3), and nothing behind it.
fn asn1_numbers(value: &[u8]) -> Option<[&[u8]; 2]> {
    let (sequence, rest) = element(0x30, value)?;
    let (first, behind) = element(2, sequence)?;
    let (second, end) = element(2, behind)?;
    (rest.is_empty() && end.is_empty()).then_some([first, second])
}

/// One element of this tag, and what follows it. None of an ECDSA signature is longer than 255 bytes.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = bytes.split_first().filter(|(found, _)| **found == tag)?;
    let (length, rest) = match rest.split_first()? {
        (0x81, rest) => rest.split_first().filter(|(length, _)| **length > 0x7f)?,
        (length, rest) if *length <= 0x7f => (length, rest),
        _ => return None,
    };
    rest.split_at_checked(usize::from(*length))
}

/// The number in exactly so many bytes.
fn padded(number: &[u8], bytes: usize) -> Option<Vec<u8>> {
    let number = number.iter().position(|byte| *byte != 0).and_then(|at| number.get(at..)).unwrap_or_default();
    let missing = bytes.checked_sub(number.len())?;
    Some([vec![0; missing], number.to_vec()].concat())
}
