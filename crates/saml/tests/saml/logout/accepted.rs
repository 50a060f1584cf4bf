use std::time::Duration;

use vestibule_kernel::SeededIds;
use vestibule_saml::{
    CheckName, CheckStatus, Credential, LogoutExpectation, LogoutMessage, LogoutOutcome, LogoutVerdict, MessageKind,
    ReceivedLogout, Refusal, limit, validate_logout,
};
use vestibule_saml_idp::{
    ContentCipher, EncryptionTerms, LogoutKind, SignatureAlgorithm, SignatureProfile, saml_response_value,
};

use super::{
    expectation, form, hidden, is_genuine, judge_form, judge_query, name_id, query, request, response, terms, trusted,
};
use crate::support::{EC, NOW, OURS, RSA, SKEW, days, provider, trusting};

#[track_caller]
fn heard(verdict: LogoutVerdict) -> ReceivedLogout {
    if let Some(check) = verdict.failed_check() {
        panic!("refused: {check:?}");
    }
    let mut names: Vec<_> = verdict.checks.iter().map(|check| check.name).collect();
    names.sort_by_key(|name| CheckName::LOGOUT.iter().position(|known| known == name));
    assert_eq!(names, CheckName::LOGOUT, "each check stands in the list once");
    verdict.outcome.unwrap()
}

#[track_caller]
fn hears_the_request(verdict: LogoutVerdict) {
    match heard(verdict) {
        ReceivedLogout::Request(request) => assert!(is_genuine(&request), "{request:?}"),
        ReceivedLogout::Response(response) => panic!("{response:?}"),
    }
}

#[test]
fn a_signed_request_is_heard_over_both_bindings() {
    let xml = request(&terms());
    hears_the_request(judge_query(&query(LogoutKind::Request, &xml, Some("opaque & more"))));
    hears_the_request(judge_query(&query(LogoutKind::Request, &xml, None)));
    hears_the_request(judge_form(MessageKind::Request, &form(&xml)));
}

#[test]
fn the_order_of_the_query_and_what_else_is_in_it_mean_nothing() {
    let signed = query(LogoutKind::Request, &request(&terms()), Some("r"));
    let mut parameters: Vec<&str> = signed.split('&').collect();
    parameters.reverse();
    let encoding = "SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE";
    hears_the_request(judge_query(&format!("a=b&{}&{encoding}&a=c&d", parameters.join("&"))));
}

#[test]
fn an_empty_relay_state_is_covered_when_it_is_there() {
    hears_the_request(judge_query(&query(LogoutKind::Request, &request(&terms()), Some(""))));
}

#[test]
fn elliptic_curves_sign_queries_in_both_forms() {
    let trusted = trusting(&[&RSA, &EC]);
    let judge = |query: &str| validate_logout(&LogoutMessage::Redirect { query }, &expectation(&trusted));
    let asn1 = provider(&EC).logout_query(LogoutKind::Request, &request(&terms()), None).unwrap();
    hears_the_request(judge(&asn1));
    let (signed, _) = asn1.split_once("&Signature=").unwrap();
    let der = EC.sign_bytes(signed.as_bytes()).unwrap();
    hears_the_request(judge(&format!("{signed}&Signature={}", encoded(&fixed(&der)))));
    // Neither half a signature nor one with something behind it.
    for wrong in [fixed(&der)[..32].to_vec(), [der.as_slice(), &[0]].concat(), [fixed(&der).as_slice(), &[0]].concat()]
    {
        let verdict = judge(&format!("{signed}&Signature={}", encoded(&wrong)));
        assert_eq!(verdict.outcome, Err(Refusal::SignatureInvalid));
    }
}

fn encoded(signature: &[u8]) -> String {
    url::form_urlencoded::byte_serialize(saml_base64(signature).as_bytes()).collect()
}

fn saml_base64(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(bytes)
}

/// The two numbers of an ASN.1 signature on P-256, 32 bytes each.
fn fixed(der: &[u8]) -> Vec<u8> {
    let number = |at: usize| {
        let length = usize::from(der[at + 1]);
        let bytes = &der[at + 2..at + 2 + length];
        let bytes = if bytes.len() > 32 { &bytes[bytes.len() - 32..] } else { bytes };
        ([vec![0; 32 - bytes.len()], bytes.to_vec()].concat(), at + 2 + length)
    };
    let (r, next) = number(2);
    let (s, _) = number(next);
    [r, s].concat()
}

#[test]
fn any_trusted_certificate_may_have_signed() {
    let trusted = trusting(&[&EC, &RSA]);
    let query = query(LogoutKind::Request, &request(&terms()), None);
    hears_the_request(validate_logout(&LogoutMessage::Redirect { query: &query }, &expectation(&trusted)));
    let signed = provider(&EC).sign_logout(&request(&terms()), &terms()).unwrap();
    let value = saml_response_value(&signed);
    let message = LogoutMessage::Post { kind: MessageKind::Request, value: &value };
    hears_the_request(validate_logout(&message, &expectation(&trusted)));
}

#[test]
fn an_expired_certificate_warns() {
    let query = query(LogoutKind::Request, &request(&LogoutTermsAt::later().0), None);
    let trusted = trusted();
    let later = LogoutExpectation { now: NOW.plus(days(400)), ..expectation(&trusted) };
    let verdict = validate_logout(&LogoutMessage::Redirect { query: &query }, &later);
    let check = verdict.checks.iter().find(|check| check.name == CheckName::SignatureCertificate).unwrap();
    assert_eq!((check.status, verdict.outcome.is_ok()), (CheckStatus::Warned, true));
}

struct LogoutTermsAt(vestibule_saml_idp::LogoutTerms);

impl LogoutTermsAt {
    fn later() -> Self {
        let mut terms = terms();
        terms.issue_instant = Some(NOW.plus(days(400)).to_string());
        Self(terms)
    }
}

#[test]
fn time_is_as_exact_as_both_clocks_are() {
    let second = Duration::from_secs(1);
    let outcome = |change: &dyn Fn(&mut vestibule_saml_idp::LogoutTerms)| {
        let mut terms = terms();
        change(&mut terms);
        judge_query(&query(LogoutKind::Request, &request(&terms), None)).outcome.err()
    };
    let made = |at: vestibule_kernel::Timestamp| outcome(&|terms| terms.issue_instant = Some(at.to_string()));
    assert_eq!(made(NOW.plus(SKEW)), None);
    assert_eq!(made(NOW.plus(SKEW + second)), Some(Refusal::LogoutMessageNotYetValid));
    assert_eq!(made(NOW.minus(limit::LOGOUT_AGE_MAX + SKEW).plus(second)), None);
    assert_eq!(made(NOW.minus(limit::LOGOUT_AGE_MAX + SKEW)), Some(Refusal::LogoutMessageTooOld));
    let ends = |at: vestibule_kernel::Timestamp| outcome(&|terms| terms.not_on_or_after = Some(at.to_string()));
    assert_eq!(ends(NOW.minus(SKEW).plus(second)), None);
    assert_eq!(ends(NOW.minus(SKEW)), Some(Refusal::LogoutRequestExpired));
}

#[test]
fn all_sessions_are_meant_when_none_is_named() {
    let mut terms = terms();
    terms.session_indexes.clear();
    let received = heard(judge_form(MessageKind::Request, &form(&request(&terms))));
    assert!(matches!(received, ReceivedLogout::Request(request) if request.session_indexes.is_empty()));
    terms.session_indexes = (0..limit::SESSION_INDEXES_MAX).map(|at| at.to_string()).collect();
    let received = heard(judge_form(MessageKind::Request, &form(&request(&terms))));
    assert!(matches!(received, ReceivedLogout::Request(request) if request.session_indexes == terms.session_indexes));
}

#[test]
fn an_answer_says_what_became_of_the_request() {
    let cases = [
        ("Success", None, LogoutOutcome::Success),
        ("Success", Some("PartialLogout"), LogoutOutcome::Partial),
        ("Responder", Some("PartialLogout"), LogoutOutcome::Partial),
    ];
    for (code, detail, expected) in cases {
        let xml = response(&terms().with_status(code, detail));
        let messages = [
            judge_query(&query(LogoutKind::Response, &xml, Some("r"))),
            judge_form(MessageKind::Response, &form(&xml)),
        ];
        for verdict in messages {
            let ReceivedLogout::Response(response) = heard(verdict) else { panic!("a request") };
            assert_eq!(response.outcome, expected);
        }
    }
    let xml = response(&terms().with_status("Responder", Some("RequestDenied")));
    let ReceivedLogout::Response(response) = heard(judge_form(MessageKind::Response, &form(&xml))) else { panic!() };
    assert!(matches!(response.outcome, LogoutOutcome::Refused(code) if code.ends_with("RequestDenied")));
}

#[test]
fn sha1_counts_only_while_the_exception_lasts() {
    let profile = SignatureProfile {
        digest_method: "http://www.w3.org/2000/09/xmldsig#sha1".to_owned(),
        ..SignatureProfile::new(SignatureAlgorithm::RsaSha256)
    };
    let value = saml_response_value(&RSA.sign_element(&request(&terms()), &terms().id, &profile).unwrap());
    let trusted = trusted();
    let judge = |sha1_until| {
        let message = LogoutMessage::Post { kind: MessageKind::Request, value: &value };
        validate_logout(&message, &LogoutExpectation { sha1_until, ..expectation(&trusted) })
    };
    let verdict = judge(Some(NOW.plus(days(1))));
    let check = verdict.checks.iter().find(|check| check.name == CheckName::SignatureAlgorithm).unwrap();
    assert_eq!(check.status, CheckStatus::Warned);
    hears_the_request(verdict);
    assert_eq!(judge(Some(NOW)).outcome, Err(Refusal::SignatureAlgorithmNotAllowed));
    assert_eq!(judge(None).outcome, Err(Refusal::SignatureAlgorithmNotAllowed));
}

#[test]
fn an_encrypted_name_is_opened_with_the_keys_of_the_connection() {
    let judge = |xml: &str| judge_query(&query(LogoutKind::Request, xml, None));
    let (ids, name_id) = (SeededIds::new(5), name_id());
    let ours = EncryptionTerms::new(OURS.certificate().der(), &ids);
    hears_the_request(judge(&hidden(&name_id, &ours)));
    hears_the_request(judge_form(MessageKind::Request, &form(&hidden(&name_id, &ours))));
    // The signature covers the ciphertext, so what is malleable may be opened.
    let mut malleable = ours.clone();
    malleable.cipher = ContentCipher::Aes128Cbc;
    hears_the_request(judge(&hidden(&name_id, &malleable)));

    let other = Credential::generate("somebody else", NOW, NOW.plus(days(1))).unwrap();
    let other = EncryptionTerms::new(other.certificate().der(), &ids);
    let issuer = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</saml:Issuer>";
    let comment = name_id.replace("acme.test", "acme.test<!-- -->.eve.test");
    for (xml, refusal) in [
        (hidden(&name_id, &other), Refusal::DecryptionFailed),
        (hidden(issuer, &ours), Refusal::DecryptionFailed),
        (hidden("ada", &ours), Refusal::DecryptionFailed),
        (hidden(&comment, &ours), Refusal::ValueForbiddenContent),
    ] {
        assert_eq!(judge(&xml).outcome, Err(refusal), "{xml}");
    }
    let (trusted, query) = (trusted(), query(LogoutKind::Request, &hidden(&name_id, &ours), None));
    let without = LogoutExpectation { decryption: None, ..expectation(&trusted) };
    let verdict = validate_logout(&LogoutMessage::Redirect { query: &query }, &without);
    assert_eq!(verdict.outcome, Err(Refusal::AssertionEncrypted));
}

#[test]
fn certificates_are_held_to_their_validity_where_the_connection_says_so() {
    let (trusted, message) = (trusted(), request(&LogoutTermsAt::later().0));
    let later =
        LogoutExpectation { now: NOW.plus(days(400)), enforce_certificate_validity: true, ..expectation(&trusted) };
    let (query, form) = (query(LogoutKind::Request, &message, None), form(&message));
    let by_form = LogoutMessage::Post { kind: MessageKind::Request, value: &form };
    for message in [LogoutMessage::Redirect { query: &query }, by_form] {
        assert_eq!(validate_logout(&message, &later).outcome, Err(Refusal::CertificateNotValid));
    }
}
