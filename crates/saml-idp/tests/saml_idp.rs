//! The simulated identity provider: what it signs verifies, what it reads is what was sent.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::{DsigContext, KeysManager, keys::loader::load_x509_cert_der, verify_all};
use flate2::{Compression, write::DeflateEncoder};
use std::io::Write;
use vestibule_kernel::{SeededIds, Timestamp};
use vestibule_saml_idp::{
    Deviation, IdentityProvider, IdpError, KeyType, ResponseTerms, SignatureAlgorithm, SignatureProfile, Signed,
    SigningKey, Subject, post_form_html,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn provider(key_type: KeyType) -> IdentityProvider {
    let until = Timestamp::from_unix_seconds(1_900_000_000);
    let key = SigningKey::generate(key_type, "idp.acme.test", NOW, until).unwrap();
    IdentityProvider::new("https://idp.acme.test/saml", "https://idp.acme.test/sso", key)
}

fn terms() -> ResponseTerms {
    ResponseTerms::new("https://sp.example/acs", "https://sp.example/saml", NOW, &SeededIds::new(1)).answering("_1")
}

fn valid_signatures(idp: &IdentityProvider, xml: &str) -> usize {
    let mut keys = KeysManager::new();
    keys.add_key(load_x509_cert_der(idp.signing_key().certificate_der()).unwrap());
    let results = verify_all(&DsigContext::new(keys), xml).unwrap();
    assert!(results.iter().all(bergshamra::VerifyResult::is_valid), "{results:?}");
    results.len()
}

#[test]
fn what_it_signs_verifies_with_its_certificate() {
    let ada = Subject::email("ada@acme.test").with("name", ["Ada <&> \"Lovelace\""]).with("groups", ["a", "b"]);
    let idp = provider(KeyType::Rsa2048);
    for (signed, count) in [(Signed::Assertion, 1), (Signed::Response, 1), (Signed::Both, 2)] {
        let xml = idp.respond(&ada, &terms().signed(signed)).unwrap();
        assert_eq!(valid_signatures(&idp, &xml), count, "{signed:?}");
    }
    for algorithm in [SignatureAlgorithm::RsaSha384, SignatureAlgorithm::RsaSha512] {
        let signature = Some(SignatureProfile::new(algorithm));
        let xml = idp.respond(&ada, &ResponseTerms { signature, ..terms() }).unwrap();
        assert_eq!(valid_signatures(&idp, &xml), 1, "{algorithm:?}");
    }
    let elliptic = provider(KeyType::EcP256);
    assert_eq!(valid_signatures(&elliptic, &elliptic.respond(&ada, &terms()).unwrap()), 1);
}

#[test]
fn a_refusal_is_signed_and_holds_no_assertion() {
    let idp = provider(KeyType::Rsa2048);
    let xml = idp.refuse("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed", "cancelled <&>", &terms()).unwrap();
    assert_eq!(valid_signatures(&idp, &xml), 1);
    assert!(xml.contains("InResponseTo=\"_1\"") && xml.contains("status:AuthnFailed"), "{xml}");
    assert!(!xml.contains("saml:Assertion"), "{xml}");
}

#[test]
fn a_key_that_was_kept_signs_like_before() {
    let idp = provider(KeyType::EcP256);
    let key = idp.signing_key();
    let again =
        SigningKey::from_parts(key.key_type(), key.private_key_pem().clone(), key.certificate_der().to_vec()).unwrap();
    let again = IdentityProvider::new(idp.entity_id(), idp.sso_url(), again);
    let xml = again.respond(&Subject::persistent("p-1"), &terms()).unwrap();
    assert_eq!(valid_signatures(&idp, &xml), 1);
    assert_eq!(again.metadata_xml(), idp.metadata_xml());
}

#[test]
fn deviations_leave_out_or_replace() {
    let idp = provider(KeyType::EcP256);
    let odd = terms().signed(Signed::Nothing).deviating(|odd| {
        odd.destination = Deviation::Omit;
        odd.audience = Deviation::instead("https://other.example");
        odd.conditions = Deviation::None;
        odd.status = Deviation::Omit;
    });
    let xml = idp.respond(&Subject::persistent("p-1"), &odd).unwrap();
    assert!(!xml.contains("Destination") && !xml.contains("Status") && !xml.contains("Signature"));
    assert!(xml.contains("<saml:Audience>https://other.example</saml:Audience>"));
    let bare = terms().deviating(|odd| odd.conditions = Deviation::Omit);
    assert!(!idp.respond(&Subject::persistent("p-1"), &bare).unwrap().contains("Conditions"));
}

const REQUEST: &str = r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_42" Version="2.0" ForceAuthn="true"
 AssertionConsumerServiceURL="https://sp.example/acs?a=1&amp;b=2"><saml:Issuer>https://sp.example/saml</saml:Issuer>
 <samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"/></samlp:AuthnRequest>"#;

#[test]
fn requests_are_read_from_both_bindings() {
    let idp = provider(KeyType::EcP256);
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(REQUEST.as_bytes()).unwrap();
    let form = |value: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLRequest", value)
            .append_pair("RelayState", "handle & more")
            .finish()
    };
    let redirect = idp.read_authn_request_redirect(&form(&STANDARD.encode(deflate.finish().unwrap()))).unwrap();
    let post = idp.read_authn_request_post(&form(&STANDARD.encode(REQUEST))).unwrap();
    assert_eq!(redirect, post);
    assert_eq!((redirect.id.as_str(), redirect.issuer.as_str()), ("_42", "https://sp.example/saml"));
    assert_eq!(redirect.acs_url.as_deref(), Some("https://sp.example/acs?a=1&b=2"));
    assert_eq!(redirect.relay_state.as_deref(), Some("handle & more"));
    assert!(redirect.force_authn && redirect.name_id_format.unwrap().ends_with("persistent"));
}

#[test]
fn what_is_not_a_request_is_refused() {
    let idp = provider(KeyType::EcP256);
    assert!(matches!(idp.read_authn_request_redirect("RelayState=x"), Err(IdpError::RequestMissing)));
    assert!(matches!(idp.read_authn_request_redirect("SAMLRequest=%25"), Err(IdpError::Base64(_))));
    assert!(matches!(idp.read_authn_request_redirect("SAMLRequest=AAAA"), Err(IdpError::Deflate)));
    let other = format!("SAMLRequest={}", STANDARD.encode("<a/>").replace('+', "%2B"));
    assert!(matches!(idp.read_authn_request_post(&other), Err(IdpError::NotAnAuthnRequest)));
}

#[test]
fn the_form_escapes_what_it_carries() {
    let html = post_form_html("https://sp.example/acs?a=1&b=2", "<r/>", Some("\"><script>"));
    assert!(html.contains("action=\"https://sp.example/acs?a=1&amp;b=2\""));
    assert!(html.contains("value=\"PHIvPg==\"") && html.contains("value=\"&quot;&gt;&lt;script&gt;\""));
}
