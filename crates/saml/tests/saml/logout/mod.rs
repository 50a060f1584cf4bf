//! Single logout: what is heard, what is not, and why.

mod accepted;
mod corpus;
mod created;

use std::sync::LazyLock;

use vestibule_kernel::SeededIds;
use vestibule_saml::{
    DecryptionKeys, LogoutExpectation, LogoutMessage, LogoutVerdict, MessageKind, ReceivedLogoutRequest,
    TrustedCertificates, validate_logout,
};
use vestibule_saml_idp::{EncryptionTerms, LogoutKind, LogoutTerms, Subject, saml_response_value};

pub(crate) use self::corpus::{Sent, corpus};
use crate::support::{ADA, IDP, NOW, OURS, REQUEST, RSA, SKEW, element, provider, trusting};

pub(crate) const SLO: &str = "https://sign-in.example/saml/acme/slo";
pub(crate) const SESSION: &str = "_session";

static KEYS: LazyLock<DecryptionKeys> = LazyLock::new(|| DecryptionKeys::new([&*OURS]).unwrap());

pub(crate) fn trusted() -> TrustedCertificates {
    trusting(&[&RSA])
}

pub(crate) fn expectation(trusted: &TrustedCertificates) -> LogoutExpectation<'_> {
    LogoutExpectation {
        slo_url: SLO,
        identity_provider: IDP,
        trusted,
        in_response_to: Some(REQUEST),
        now: NOW,
        skew: SKEW,
        enforce_certificate_validity: false,
        decryption: Some(&KEYS),
        sha1_until: None,
    }
}

pub(crate) fn terms() -> LogoutTerms {
    LogoutTerms::new(SLO, NOW, &SeededIds::new(11)).of_session(SESSION).answering(REQUEST)
}

pub(crate) fn ada() -> Subject {
    Subject::email(ADA)
}

/// What the identity provider says, not signed yet.
pub(crate) fn request(terms: &LogoutTerms) -> String {
    provider(&RSA).logout_request(&ada(), terms)
}

/// The request with this in the place of the NameID, encrypted.
pub(crate) fn hidden(name_id: &str, encryption: &EncryptionTerms) -> String {
    let xml = request(&terms());
    let plain = element(&xml, "saml:NameID");
    xml.replace(plain, &encryption.encrypt("EncryptedID", name_id).unwrap())
}

/// The NameID of the request, able to stand alone.
pub(crate) fn name_id() -> String {
    let xml = request(&terms());
    let alone = "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
    element(&xml, "saml:NameID").replacen("<saml:NameID", alone, 1)
}

pub(crate) fn response(terms: &LogoutTerms) -> String {
    provider(&RSA).logout_response(terms)
}

/// The message in a query, with the identity provider's signature.
pub(crate) fn query(kind: LogoutKind, xml: &str, relay_state: Option<&str>) -> String {
    provider(&RSA).logout_query(kind, xml, relay_state).unwrap()
}

/// The message with the identity provider's enveloped signature.
pub(crate) fn signed(xml: &str) -> String {
    provider(&RSA).sign_logout(xml, &terms()).unwrap()
}

/// The message as a form value, with the identity provider's signature.
pub(crate) fn form(xml: &str) -> String {
    saml_response_value(&signed(xml))
}

pub(crate) fn judge_query(query: &str) -> LogoutVerdict {
    validate_logout(&LogoutMessage::Redirect { query }, &expectation(&trusted()))
}

pub(crate) fn judge_form(kind: MessageKind, value: &str) -> LogoutVerdict {
    validate_logout(&LogoutMessage::Post { kind, value }, &expectation(&trusted()))
}

/// What the genuine request says, whatever binding it came over.
pub(crate) fn is_genuine(received: &ReceivedLogoutRequest) -> bool {
    received.subject.value == ADA && received.session_indexes == [SESSION] && received.id == terms().id
}
