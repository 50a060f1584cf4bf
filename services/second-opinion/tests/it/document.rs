//! Documents that an identity provider signs.

use std::{sync::LazyLock, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_kernel::{SeededIds, Timestamp};
use vestibule_saml_idp::{IdentityProvider, KeyType, ResponseTerms, Signed, SigningKey, Subject};
use vestibule_second_opinion::opinion;
use vestibule_second_opinion_protocol::{Answer, Question, Reading};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
pub(crate) const IDP: &str = "https://idp.acme.test/saml";
pub(crate) const SP: &str = "https://sign-in.example/saml/acme";
pub(crate) const ACS: &str = "https://sign-in.example/saml/acme/acs";
pub(crate) const REQUEST: &str = "_0123456789abcdef0123456789abcdef";

pub(crate) fn key(key_type: KeyType) -> SigningKey {
    SigningKey::generate(key_type, "idp.acme.test", NOW, NOW.plus(Duration::from_hours(24))).unwrap()
}

pub(crate) static RSA: LazyLock<SigningKey> = LazyLock::new(|| key(KeyType::Rsa2048));
pub(crate) static EC: LazyLock<SigningKey> = LazyLock::new(|| key(KeyType::EcP256));

pub(crate) fn terms() -> ResponseTerms {
    ResponseTerms::new(ACS, SP, NOW, &SeededIds::new(7)).answering(REQUEST)
}

pub(crate) fn ada() -> Subject {
    Subject::persistent("a1b2c3-Ada").with("email", ["ada@acme.test"]).with("groups", ["staff", "admins"])
}

pub(crate) fn respond(key: &SigningKey, subject: &Subject, terms: &ResponseTerms) -> String {
    IdentityProvider::new(IDP, "https://idp.acme.test/sso", key.clone()).respond(subject, terms).unwrap()
}

/// A Response about Ada that says something else before it is signed.
pub(crate) fn changed(signed: Signed, old: &str, new: &str) -> String {
    let terms = terms().signed(Signed::Nothing);
    let xml = respond(&RSA, &ada(), &terms);
    assert_eq!(xml.matches(old).count(), 1, "{old} in {xml}");
    let id = if signed == Signed::Response { &terms.response_id } else { &terms.assertion_id };
    RSA.sign_element(&xml.replacen(old, new, 1), id, &RSA.profile()).unwrap()
}

pub(crate) fn question(document: impl Into<String>, keys: &[&SigningKey]) -> Question {
    let certificates = keys.iter().map(|key| BASE64_STANDARD.encode(key.certificate_der())).collect();
    Question { document: document.into(), certificates }
}

pub(crate) fn ask(document: impl Into<String>, keys: &[&SigningKey]) -> Answer {
    opinion(&question(document, keys))
}

#[track_caller]
pub(crate) fn verified(answer: Answer) -> Reading {
    match answer {
        Answer::Verified { reading } => reading,
        other => panic!("{other:?}"),
    }
}
