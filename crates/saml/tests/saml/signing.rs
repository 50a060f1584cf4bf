//! Messages of ours, signed: each is verified by somebody else's code.

use std::sync::LazyLock;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::{DsigContext, KeysManager, VerifyResult, keys::loader::load_spki_der, verify_all};
use url::{Url, form_urlencoded};
use vestibule_kernel::{ExposeSecret as _, SecretBytes, SystemIds};
use vestibule_saml::{
    AuthnRequest, Credential, CredentialError, MessageKind, OutgoingMessage, RelayState, RequestId, ServiceProvider,
    SigningError,
};

use crate::support::{ACS, NOW, days};

static OURS: LazyLock<Credential> = LazyLock::new(|| Credential::generate("acme", NOW, NOW.plus(days(1095))).unwrap());

fn destination(url: &str) -> Url {
    Url::parse(url).unwrap()
}

fn is_signed(query: &str, credential: &Credential) -> bool {
    let (signed, signature) = query.split_once("&Signature=").unwrap();
    let signed = signed.split_once("SAMLRequest").map(|(_, rest)| format!("SAMLRequest{rest}")).unwrap();
    let field = format!("Signature={signature}");
    let (_, signature) = form_urlencoded::parse(field.as_bytes()).next().unwrap();
    let signature = STANDARD.decode(&*signature).unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, credential.certificate().public_key_der());
    key.verify(signed.as_bytes(), &signature).is_ok()
}

fn verifies(xml: &str, credential: &Credential) -> bool {
    let mut keys = KeysManager::new();
    keys.add_key(load_spki_der(credential.certificate().public_key_der()).unwrap());
    let results = verify_all(&DsigContext::new(keys), xml).unwrap();
    matches!(results.as_slice(), [VerifyResult::Valid { .. }])
}

#[test]
fn a_redirect_is_signed_over_its_raw_bytes_in_the_order_of_the_binding() {
    let destination = destination("https://idp.acme.test/sso?tenant=a%2fb");
    let relay_state = RelayState::new("handle+/=&<").unwrap();
    let message = OutgoingMessage {
        kind: MessageKind::Request,
        xml: "<any/>",
        destination: &destination,
        relay_state: Some(&relay_state),
    };
    let url = message.redirect_url(Some(&OURS)).unwrap();
    assert!(url.as_str().starts_with("https://idp.acme.test/sso?tenant=a%2fb&SAMLRequest="), "{url}");
    let query = url.query().unwrap();
    let names: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["tenant", "SAMLRequest", "RelayState", "SigAlg", "Signature"]);
    assert!(query.contains("&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&"), "{query}");
    assert!(is_signed(query, &OURS));
    assert!(!is_signed(&query.replace("RelayState=h", "RelayState=H"), &OURS));
    // Without a RelayState the signature covers none (SAML bindings section 3.4.4.1).
    let url = OutgoingMessage { relay_state: None, kind: MessageKind::Response, ..message };
    let url = url.redirect_url(Some(&OURS)).unwrap();
    assert!(url.query().unwrap().starts_with("tenant=a%2fb&SAMLResponse="), "{url}");
    assert!(!url.as_str().contains("RelayState"), "{url}");
}

#[test]
fn a_form_holds_a_message_with_an_enveloped_signature_behind_its_issuer() {
    let odd = "https://sp.example/?a=1&b=\"<>'\té";
    let service_provider = ServiceProvider { entity_id: odd.to_owned(), acs_url: ACS.to_owned() };
    let id = RequestId::random(&SystemIds);
    let request = AuthnRequest {
        id: &id,
        service_provider: &service_provider,
        destination: &destination("https://idp.acme.test/sso"),
        issue_instant: NOW,
        force_authn: true,
        name_id_format: None,
        requested_authn_context: &["urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken".to_owned()],
    };
    let xml = String::from_utf8(STANDARD.decode(request.post_value(Some(&OURS)).unwrap()).unwrap()).unwrap();
    assert!(verifies(&xml, &OURS), "{xml}");
    assert!(xml.contains("</saml:Issuer><ds:Signature "), "{xml}");
    assert!(xml.contains(&format!("<ds:Reference URI=\"#{id}\">")), "{xml}");
    let stranger = Credential::generate("stranger", NOW, NOW.plus(days(1))).unwrap();
    assert!(!verifies(&xml, &stranger));
    assert!(!verifies(&xml.replace("ForceAuthn=\"true\"", "ForceAuthn=\"false\""), &OURS));
}

#[test]
fn what_has_no_id_or_no_issuer_is_not_signed() {
    let destination = destination("https://idp.acme.test/slo");
    for xml in [
        "<a ID=\"_1\"/>",
        "<a xmlns:s=\"urn:oasis:names:tc:SAML:2.0:assertion\"><s:Issuer>x</s:Issuer></a>",
        "<a ID=\"#x'\" xmlns:s=\"urn:oasis:names:tc:SAML:2.0:assertion\"><s:Issuer>x</s:Issuer></a>",
        "text",
    ] {
        let message = OutgoingMessage { kind: MessageKind::Request, xml, destination: &destination, relay_state: None };
        assert!(matches!(message.post_value(Some(&OURS)), Err(SigningError::NotAMessage)), "{xml}");
    }
}

#[test]
fn a_credential_is_kept_whole_and_told_to_nobody() {
    let kept = OURS.to_bytes();
    let again = Credential::from_bytes(&kept).unwrap();
    assert_eq!(again.certificate(), OURS.certificate());
    assert_eq!(again.certificate().key_bits(), 2048);
    let debug = format!("{:?}", &*OURS);
    assert!(debug.contains(&OURS.certificate().fingerprint().to_string()) && debug.len() < 140, "{debug}");
    let bytes = kept.expose_secret();
    for broken in [&[][..], &bytes[..5], &bytes[..bytes.len() - 1], &bytes[1..], &[1, 255, 255, 255, 255, 0]] {
        let broken = SecretBytes::from(broken.to_vec());
        assert!(Credential::from_bytes(&broken).is_err());
    }
    assert!(matches!(Credential::from_bytes(&SecretBytes::from(vec![])), Err(CredentialError::Malformed)));
}
