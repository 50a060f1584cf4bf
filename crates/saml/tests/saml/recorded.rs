//! Messages that others wrote, as they came: pysaml2 7.5 signs with xmlsec1 and libxml2.

use vestibule_kernel::Timestamp;
use vestibule_saml::{
    Expectation, IdentityProviderMetadata, Mapping, Refusal, SubjectId, TrustedCertificates, Verdict, name_id_format,
    normalise, validate_xml,
};

use crate::support::{REQUEST, SKEW, accept, refuse, replace};

const METADATA: &[u8] = include_bytes!("recorded/pysaml2_metadata.xml");
/// Response and Assertion signed, RSA-SHA512 over SHA-384 digests.
const RESPONSE: &str = include_str!("recorded/pysaml2_response.xml");
/// Assertion signed with RSA-SHA1, correctly.
const RESPONSE_SHA1: &str = include_str!("recorded/pysaml2_response_sha1.xml");

fn judge(xml: &str) -> Verdict {
    let metadata = IdentityProviderMetadata::parse(METADATA).unwrap();
    let trusted = TrustedCertificates::new(metadata.certificates).unwrap();
    crate::second_opinion::remember(trusted.certificates());
    let (_, issued) = xml.split_once("IssueInstant=\"").unwrap();
    let now: Timestamp = issued[..20].parse().unwrap();
    validate_xml(
        xml,
        &Expectation {
            service_provider: "https://sp.example/saml",
            acs_url: "https://sp.example/acs",
            identity_provider: &metadata.entity_id,
            trusted: &trusted,
            in_response_to: Some(REQUEST),
            now,
            skew: SKEW,
            sha1_until: None,
            enforce_certificate_validity: false,
            decryption: None,
            encryption_required: false,
            required_authn_context: &[],
        },
    )
}

/// What it sent, with the certificate that verifies it.
pub(crate) fn message() -> (String, String, Vec<u8>) {
    let metadata = IdentityProviderMetadata::parse(METADATA).unwrap();
    ("pysaml2".to_owned(), RESPONSE.to_owned(), metadata.certificates.first().unwrap().der().to_vec())
}

#[test]
fn what_pysaml2_says_is_understood() {
    let identity = normalise(&accept(judge(RESPONSE)), &Mapping::default());
    let Ok(SubjectId::NameId(name_id)) = &identity.subject else { panic!("{:?}", identity.subject) };
    assert_eq!((name_id.value.as_str(), name_id.format.as_str()), ("p-1", name_id_format::PERSISTENT));
    assert_eq!(identity.email.as_deref(), Some("ada@acme.test"));
    assert_eq!((identity.given_name.as_deref(), identity.family_name.as_deref()), (Some("Ada"), Some("Lovelace")));
}

#[test]
fn one_changed_letter_is_noticed() {
    refuse("changed", &judge(&replace(RESPONSE, ">Ada<", ">Eda<")), Refusal::SignatureInvalid);
}

#[test]
fn a_correct_sha1_signature_is_still_refused() {
    refuse("SHA-1", &judge(RESPONSE_SHA1), Refusal::SignatureAlgorithmNotAllowed);
}
