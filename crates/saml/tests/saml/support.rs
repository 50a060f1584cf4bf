//! One identity provider, one service provider, one person, one moment.

use std::{sync::LazyLock, time::Duration};

use vestibule_kernel::{SeededIds, Timestamp};
use vestibule_saml::{
    Assertion, Certificate, CheckStatus, Credential, DecryptionKeys, Expectation, Refusal, TrustedCertificates,
    Verdict, validate_xml,
};
use vestibule_saml_idp::{
    EncryptionTerms, Forger, Forgery, IdentityProvider, KeyType, ResponseTerms, Signed, SigningKey, Subject,
};

use crate::second_opinion;

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
pub(crate) const SKEW: Duration = Duration::from_mins(1);
pub(crate) const IDP: &str = "https://idp.acme.test/saml";
pub(crate) const SP: &str = "https://sign-in.example/saml/acme";
pub(crate) const ACS: &str = "https://sign-in.example/saml/acme/acs";
pub(crate) const REQUEST: &str = "_0123456789abcdef0123456789abcdef";
pub(crate) const ADA: &str = "ada@acme.test";

fn key(key_type: KeyType, name: &str) -> SigningKey {
    SigningKey::generate(key_type, name, NOW.minus(days(30)), NOW.plus(days(365))).unwrap()
}

pub(crate) const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

pub(crate) static RSA: LazyLock<SigningKey> = LazyLock::new(|| key(KeyType::Rsa2048, "idp.acme.test"));
pub(crate) static EC: LazyLock<SigningKey> = LazyLock::new(|| key(KeyType::EcP256, "new.idp.acme.test"));
pub(crate) static STRANGER: LazyLock<SigningKey> = LazyLock::new(|| key(KeyType::Rsa2048, "idp.acme.test"));
static DECRYPTION: LazyLock<DecryptionKeys> = LazyLock::new(|| DecryptionKeys::new([&*OURS]).unwrap());
/// Our key for encryption on this connection, and one on another.
pub(crate) static OURS: LazyLock<Credential> = LazyLock::new(credential);
static OTHER: LazyLock<Credential> = LazyLock::new(credential);
static TRUSTED: LazyLock<TrustedCertificates> = LazyLock::new(|| trusting(&[&RSA]));

pub(crate) fn trusting(keys: &[&SigningKey]) -> TrustedCertificates {
    let certificates = keys.iter().map(|key| Certificate::from_der(key.certificate_der()).unwrap());
    let trusted = TrustedCertificates::new(certificates).unwrap();
    second_opinion::remember(trusted.certificates());
    trusted
}

pub(crate) fn provider(key: &SigningKey) -> IdentityProvider {
    IdentityProvider::new(IDP, "https://idp.acme.test/sso", key.clone())
}

pub(crate) fn ada() -> Subject {
    Subject::email(ADA).with("email", [ADA]).with("given_name", ["Ada"]).with("groups", ["staff", "admins"])
}

pub(crate) fn terms() -> ResponseTerms {
    ResponseTerms::new(ACS, SP, NOW, &SeededIds::new(7)).answering(REQUEST)
}

fn credential() -> Credential {
    Credential::generate("acme", NOW.minus(days(1)), NOW.plus(days(365))).unwrap()
}

/// A key of ours on another connection.
pub(crate) fn other_credential() -> &'static Credential {
    &OTHER
}

/// Encryption of an Assertion for us.
pub(crate) fn encryption() -> EncryptionTerms {
    EncryptionTerms::new(OURS.certificate().der(), &SeededIds::new(11))
}

/// A genuine Response about Ada with this signed, encrypted for this key.
pub(crate) fn encrypted_for(credential: &Credential, signed: Signed) -> String {
    let encryption = EncryptionTerms::new(credential.certificate().der(), &SeededIds::new(11));
    provider(&RSA).respond(&ada(), &terms().signed(signed).encrypted(encryption)).unwrap()
}

/// A genuine Response about Ada with this signed.
pub(crate) fn genuine(signed: Signed) -> String {
    provider(&RSA).respond(&ada(), &terms().signed(signed)).unwrap()
}

/// What Ada sends who wants to be Eve.
pub(crate) fn forged(forgery: Forgery) -> String {
    let (provider, subject, terms) = (provider(&RSA), ada(), terms());
    let forger =
        Forger { provider: &provider, stranger: &STRANGER, subject: &subject, terms: &terms, victim: "eve@acme.test" };
    forger.forge(forgery).unwrap()
}

/// A Response about Ada that is changed before it is signed: the identity provider itself says so.
pub(crate) fn signed_after(signed: Signed, change: impl FnOnce(String) -> String) -> String {
    let xml = change(genuine(Signed::Nothing));
    let id = if signed == Signed::Response { terms().response_id } else { terms().assertion_id };
    RSA.sign_element(&xml, &id, &RSA.profile()).unwrap()
}

pub(crate) fn expectation() -> Expectation<'static> {
    Expectation {
        service_provider: SP,
        acs_url: ACS,
        identity_provider: IDP,
        trusted: &TRUSTED,
        in_response_to: Some(REQUEST),
        now: NOW,
        skew: SKEW,
        sha1_until: None,
        enforce_certificate_validity: false,
        decryption: Some(&DECRYPTION),
        encryption_required: false,
        required_authn_context: &[],
    }
}

pub(crate) fn judge(xml: &str) -> Verdict {
    validate_xml(xml, &expectation())
}

#[track_caller]
pub(crate) fn accept(verdict: Verdict) -> Assertion {
    if let Some(check) = verdict.failed_check() {
        panic!("refused: {check:?}");
    }
    assert!(verdict.checks.iter().all(|check| check.status != CheckStatus::NotReached));
    second_opinion::agrees(&verdict);
    verdict.outcome.unwrap()
}

/// The Response is refused for exactly this reason, at one check, and nothing behind it was looked at.
#[track_caller]
pub(crate) fn refuse(case: &str, verdict: &Verdict, refusal: Refusal) {
    let failed = verdict.failed_check();
    let outcome = verdict.outcome.as_ref().map(|assertion| &assertion.subject.value);
    assert_eq!(outcome, Err(&refusal), "{case}: {failed:?}");
    assert!(failed.is_some(), "{case}");
    let mut behind = verdict.checks.iter().skip_while(|check| check.status != CheckStatus::Failed).skip(1);
    assert!(behind.all(|check| check.status == CheckStatus::NotReached), "{case}");
}

/// Replaces the only place where `old` stands.
#[track_caller]
pub(crate) fn replace(xml: &str, old: &str, new: &str) -> String {
    assert_eq!(xml.matches(old).count(), 1, "{old} in {xml}");
    xml.replacen(old, new, 1)
}

/// The text of the first element with this prefixed name.
#[track_caller]
pub(crate) fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let close = format!("</{name}>");
    let start = xml.find(&format!("<{name} ")).or_else(|| xml.find(&format!("<{name}>"))).unwrap();
    let end = start + xml[start..].find(&close).unwrap() + close.len();
    &xml[start..end]
}
