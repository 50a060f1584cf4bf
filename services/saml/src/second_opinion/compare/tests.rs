use std::time::Duration;

use vestibule_kernel::{SeededIds, Timestamp};
use vestibule_saml::{Certificate, Expectation, TrustedCertificates, validate_xml};
use vestibule_saml_idp::{IdentityProvider, KeyType, ResponseTerms, SigningKey, Subject};
use vestibule_second_opinion_protocol::NameId;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const IDP: &str = "https://idp.acme.test/saml";
const SP: &str = "https://sign-in.example/saml/acme";
const ACS: &str = "https://sign-in.example/saml/acme/acs";
const REQUEST: &str = "_0123456789abcdef0123456789abcdef";

const ADDRESSED: Addressed<'_> =
    Addressed { identity_provider: IDP, service_provider: SP, acs_url: ACS, in_response_to: REQUEST };

fn ours() -> Assertion {
    let key = SigningKey::generate(KeyType::EcP256, "idp", NOW, NOW.plus(Duration::from_hours(1))).unwrap();
    let terms = ResponseTerms::new(ACS, SP, NOW, &SeededIds::new(7)).answering(REQUEST);
    let ada = Subject::persistent("Ada").with("email", ["ada@acme.test"]).with("groups", ["staff", "", " ", "admins"]);
    let xml = IdentityProvider::new(IDP, "https://idp.acme.test/sso", key.clone()).respond(&ada, &terms).unwrap();
    let trusted = TrustedCertificates::new([Certificate::from_der(key.certificate_der()).unwrap()]).unwrap();
    let expectation = Expectation {
        service_provider: SP,
        acs_url: ACS,
        identity_provider: IDP,
        trusted: &trusted,
        in_response_to: Some(REQUEST),
        now: NOW,
        skew: Duration::ZERO,
        sha1_until: None,
        decryption: None,
        encryption_required: false,
        required_authn_context: &[],
        enforce_certificate_validity: false,
    };
    validate_xml(&xml, &expectation).outcome.unwrap()
}

fn theirs(ours: &Assertion) -> Reading {
    let attribute = |attribute: &vestibule_saml::Attribute| Attribute {
        name: attribute.name.clone(),
        values: attribute.values.iter().map(|value| value.trim().to_owned()).collect(),
    };
    let confirmation = Confirmation {
        method: Some(BEARER.to_owned()),
        recipient: Some(ACS.to_owned()),
        in_response_to: Some(REQUEST.to_owned()),
    };
    Reading {
        assertion_id: ours.id.clone(),
        issuer: IDP.to_owned(),
        issue_instant: ours.issue_instant.unix_millis(),
        name_id: Some(NameId { value: ours.subject.value.clone(), format: Some(ours.subject.format.clone()) }),
        confirmations: vec![confirmation],
        audiences: vec![vec!["https://other.example".to_owned(), format!("\n {SP} ")]],
        authn_instant: Some(ours.authn_instant.unix_millis()),
        session_index: ours.session_index.clone(),
        authn_context: ours.authn_context.clone(),
        attributes: ours.attributes.iter().map(attribute).collect(),
    }
}

#[test]
fn what_is_read_alike_is_no_difference() {
    let ours = ours();
    assert_eq!(differences(&ours, &ADDRESSED, &theirs(&ours)), [""; 0]);
}

#[test]
fn whatever_is_read_otherwise_is_found() {
    type Change = fn(&mut Reading);
    let changes: [(&str, Change); 20] = [
        ("assertion id", |theirs| theirs.assertion_id.push(' ')),
        ("issuer", |theirs| theirs.issuer.push('x')),
        ("issue instant", |theirs| theirs.issue_instant += 1),
        ("name id", |theirs| theirs.name_id.as_mut().unwrap().value = "ada".to_owned()),
        ("name id", |theirs| theirs.name_id.as_mut().unwrap().value.push('\n')),
        ("name id", |theirs| theirs.name_id = None),
        ("name id format", |theirs| theirs.name_id.as_mut().unwrap().format = None),
        ("confirmation", |theirs| theirs.confirmations.clear()),
        ("confirmation", |theirs| theirs.confirmations[0].recipient = Some("https://sign-in.example/".to_owned())),
        ("confirmation", |theirs| theirs.confirmations[0].in_response_to = None),
        ("confirmation", |theirs| theirs.confirmations[0].method = Some("sender-vouches".to_owned())),
        ("audience", |theirs| theirs.audiences.clear()),
        ("audience", |theirs| theirs.audiences.push(vec!["https://other.example".to_owned()])),
        ("authn instant", |theirs| theirs.authn_instant = None),
        ("session index", |theirs| theirs.session_index = None),
        ("authn context", |theirs| theirs.authn_context = Some("urn:other".to_owned())),
        ("attributes", |theirs| theirs.attributes[1].values.push("owners".to_owned())),
        ("attributes", |theirs| theirs.attributes[0].name.push('2')),
        ("attributes", |theirs| theirs.attributes.reverse()),
        ("attributes", |theirs| drop(theirs.attributes.pop())),
    ];
    let ours = ours();
    for (name, change) in changes {
        let mut theirs = theirs(&ours);
        change(&mut theirs);
        assert_eq!(differences(&ours, &ADDRESSED, &theirs), [name]);
    }
}

/// The confirmation that fits may be any of them; what it says may not be put together from several.
#[test]
fn one_confirmation_says_all_of_it() {
    let ours = ours();
    let mut theirs = theirs(&ours);
    let fits = theirs.confirmations[0].clone();
    let (mut here, mut asked) = (fits.clone(), fits.clone());
    (here.in_response_to, asked.recipient) = (None, None);
    theirs.confirmations = vec![here, asked];
    assert_eq!(differences(&ours, &ADDRESSED, &theirs), ["confirmation"]);
    theirs.confirmations.push(fits);
    assert_eq!(differences(&ours, &ADDRESSED, &theirs), [""; 0]);
}
