//! The hostile corpus of logout messages: each with the check that catches it and the reason it is refused for.

use std::collections::BTreeSet;

use vestibule_saml::{CheckName, CheckStatus, LogoutVerdict, MessageKind, Refusal, limit};
use vestibule_saml_idp::{KeyInfo, LogoutKind, LogoutTerms, Signed, saml_response_value};

use super::{SLO, form, judge_form, judge_query, query, request, response, terms};
use crate::support::{ADA, IDP, NOW, RSA, STRANGER, days, genuine, provider, replace};

type Caught = (CheckName, Refusal);

/// What is sent.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Sent {
    Query(String),
    Request(String),
    Response(String),
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) caught: Caught,
    pub(crate) sent: Sent,
}

const ENCODING: CheckName = CheckName::MessageEncoding;
const MALFORMED: Caught = (ENCODING, Refusal::QueryMalformed);
const UNSIGNED: Caught = (CheckName::SignaturePresent, Refusal::SignatureMissing);
const MISPLACED: Caught = (CheckName::SignaturePresent, Refusal::SignatureMisplaced);
const INVALID: Caught = (CheckName::SignatureValue, Refusal::SignatureInvalid);
const ALGORITHM: Caught = (CheckName::SignatureAlgorithm, Refusal::SignatureAlgorithmNotAllowed);
const SHAPE: Caught = (CheckName::LogoutShape, Refusal::NotALogoutMessage);

pub(crate) fn corpus() -> Vec<Case> {
    let rows = [queries(), signed_queries(), forms(), values(), answers()];
    rows.into_iter().flatten().map(|(name, caught, sent)| Case { name, caught, sent }).collect()
}

type Row = (&'static str, Caught, Sent);

/// Who did not sign, or changed what was signed.
fn queries() -> Vec<Row> {
    let xml = request(&terms());
    let forged = xml.replace(ADA, "eve@acme.test");
    let genuine = query(LogoutKind::Request, &xml, Some("r"));
    let bare = query(LogoutKind::Request, &xml, None);
    let of = |xml: &str| parameter(&query(LogoutKind::Request, xml, None), "SAMLRequest").to_owned();
    let by_stranger = provider(&STRANGER).logout_query(LogoutKind::Request, &xml, None).unwrap();
    let without = |name: &str| {
        let kept = genuine.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
        kept.collect::<Vec<_>>().join("&")
    };
    let with_algorithm = |uri: &str| {
        let encoded: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        genuine.replace(parameter(&genuine, "SigAlg"), &encoded)
    };
    let message = parameter(&genuine, "SAMLRequest");
    let rows = vec![
        ("not signed", UNSIGNED, format!("SAMLRequest={message}")),
        ("SigAlg stripped", UNSIGNED, without("SigAlg")),
        ("Signature stripped", UNSIGNED, without("Signature")),
        ("another message under the signature", INVALID, genuine.replace(message, &of(&forged))),
        ("RelayState changed", INVALID, genuine.replace("RelayState=r", "RelayState=s")),
        ("RelayState taken out", INVALID, without("RelayState")),
        ("RelayState put in", INVALID, format!("RelayState=r&{bare}")),
        ("empty RelayState put in", INVALID, format!("RelayState=&{bare}")),
        ("escapes written in lower case", INVALID, genuine.replace("%3A", "%3a")),
        ("a blank behind the message", INVALID, genuine.replace(message, &format!("{message}+"))),
        ("the message twice, the forged one last", MALFORMED, format!("{genuine}&SAMLRequest={}", of(&forged))),
        ("the message twice, the forged one first", MALFORMED, format!("SAMLRequest={}&{genuine}", of(&forged))),
        ("the same message twice", MALFORMED, format!("{genuine}&SAMLRequest={message}")),
        ("a second message, spelled with an escape", MALFORMED, format!("SAML%52equest={}&{genuine}", of(&forged))),
        ("the only message, spelled with an escape", MALFORMED, genuine.replace("SAMLRequest", "SAML%52equest")),
        ("a request and a response", MALFORMED, format!("{genuine}&SAMLResponse={message}")),
        ("the signature twice", MALFORMED, format!("{genuine}&Signature={}", parameter(&genuine, "Signature"))),
        ("the algorithm twice", MALFORMED, format!("{genuine}&SigAlg={}", parameter(&genuine, "SigAlg"))),
        ("RelayState twice", MALFORMED, format!("{genuine}&RelayState=s")),
        ("no message", MALFORMED, without("SAMLRequest")),
        ("nothing at all", MALFORMED, String::new()),
        (
            "another SAMLEncoding",
            (ENCODING, Refusal::MessageEncodingInvalid),
            format!("{genuine}&SAMLEncoding=urn%3Aexample%3Aencoding"),
        ),
        (
            "longer than the limit",
            (ENCODING, Refusal::MessageTooLarge),
            format!("{genuine}&a={}", "x".repeat(limit::LOGOUT_QUERY_BYTES_MAX)),
        ),
        ("sent as a response", INVALID, genuine.replace("SAMLRequest", "SAMLResponse")),
        ("signed by a stranger", INVALID, by_stranger),
        ("signature that is no Base64", INVALID, genuine.replace("&Signature=", "&Signature=%25")),
        ("empty signature", INVALID, format!("{}&Signature=", without("Signature"))),
        (
            "stronger algorithm named afterwards",
            INVALID,
            with_algorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"),
        ),
        (
            "elliptic curve named afterwards",
            INVALID,
            with_algorithm("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        ),
        ("HMAC", ALGORITHM, with_algorithm("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")),
        ("SHA-1", ALGORITHM, with_algorithm("http://www.w3.org/2000/09/xmldsig#rsa-sha1")),
        ("no algorithm at all", ALGORITHM, with_algorithm("")),
        ("a bomb that nobody signed is not inflated", UNSIGNED, format!("SAMLRequest={}", deflated(&bomb()))),
    ];
    rows.into_iter().map(|(name, caught, query)| (name, caught, Sent::Query(query))).collect()
}

/// The identity provider signed what it should not have.
fn signed_queries() -> Vec<Row> {
    let xml = request(&terms());
    let enveloped = provider(&RSA).sign_logout(&xml, &terms()).unwrap();
    let encoding = (ENCODING, Refusal::MessageEncodingInvalid);
    let signed = |caught, name, xml: &str| (name, caught, Sent::Query(query(LogoutKind::Request, xml, None)));
    let raw = |caught, name, value: &str| (name, caught, Sent::Query(sign(&format!("SAMLRequest={value}"))));
    vec![
        signed(MISPLACED, "an enveloped signature in a query", &enveloped),
        signed(SHAPE, "a sign-in Response", &genuine(Signed::Nothing)),
        signed(SHAPE, "a LogoutResponse as a request", &response(&terms())),
        signed(SHAPE, "a LogoutRequest of another namespace", &xml.replace("SAML:2.0:protocol", "SAML:1.1:protocol")),
        signed((CheckName::MessageXml, Refusal::XmlDoctypeForbidden), "a DTD", &format!("<!DOCTYPE a>{xml}")),
        signed((CheckName::MessageXml, Refusal::XmlMalformed), "no XML", "logout"),
        signed((ENCODING, Refusal::MessageTooLarge), "a bomb", &bomb()),
        raw(encoding, "no Base64", "%25%25%25"),
        raw(encoding, "no DEFLATE data", "AAAA"),
        raw(encoding, "an escape that is none", "%zz"),
        raw(encoding, "no UTF-8", &deflated_bytes(&[0xff, 0xfe])),
    ]
}

/// The POST binding: the classical attacks on enveloped signatures.
fn forms() -> Vec<Row> {
    let xml = request(&terms());
    let signed = provider(&RSA).sign_logout(&xml, &terms()).unwrap();
    let id = terms().id;
    let signature = crate::support::element(&signed, "ds:Signature").to_owned();
    let forged = xml.replace(ADA, "eve@acme.test").replace(&id, "_forged");
    let issuer_end = "</saml:Issuer>";
    let inside = |outer: &str, inner: &str| {
        outer.replacen(issuer_end, &format!("{issuer_end}<samlp:Extensions>{inner}</samlp:Extensions>"), 1)
    };
    let with_signature = |xml: &str| xml.replacen(issuer_end, &format!("{issuer_end}{signature}"), 1);
    let stranger = STRANGER.sign_element(&xml, &id, &STRANGER.profile()).unwrap();
    let mut nameless = STRANGER.profile();
    nameless.key_info = KeyInfo::Omit;
    let nameless = STRANGER.sign_element(&xml, &id, &nameless).unwrap();
    let hmac = RSA.hmac_of_public_key().unwrap();
    let hmac = hmac.sign_element(&xml, &id, &hmac.profile()).unwrap();
    let reference = (CheckName::SignatureReference, Refusal::SignatureReferenceForbidden);
    let mut whole = RSA.profile();
    whole.reference_uri = Some(String::new());
    let whole = RSA.sign_element(&xml, &id, &whole).unwrap();
    let mut base64 = RSA.profile();
    base64.transforms = vec!["http://www.w3.org/2000/09/xmldsig#base64".to_owned()];
    let transform = signed.replacen("http://www.w3.org/2000/09/xmldsig#enveloped-signature", &base64.transforms[0], 1);
    let twin = inside(&xml, &format!("<x xmlns=\"urn:x\" ID=\"{id}\"/>"));
    let rows = vec![
        ("POST: not signed", UNSIGNED, xml.clone()),
        ("POST: NameID changed", INVALID, signed.replace(ADA, "eve@acme.test")),
        (
            "POST: SessionIndex taken out",
            INVALID,
            signed.replace("<samlp:SessionIndex>_session</samlp:SessionIndex>", ""),
        ),
        ("POST: signed by a stranger", (CheckName::SignatureValue, Refusal::CertificateNotTrusted), stranger),
        ("POST: signed by a stranger without a name", INVALID, nameless),
        ("POST: HMAC with the public key", ALGORITHM, hmac),
        ("POST: the signed request inside of another", MISPLACED, inside(&forged, &signed)),
        ("POST: the signature moved out of the signed request", reference, inside(&with_signature(&forged), &xml)),
        ("POST: the whole document referenced", reference, whole),
        (
            "POST: a forbidden transform",
            (CheckName::SignatureReference, Refusal::SignatureTransformForbidden),
            transform,
        ),
        ("POST: two signatures", MISPLACED, with_signature(&signed)),
        ("POST: an ID twice", (CheckName::LogoutShape, Refusal::IdNotUnique), with_signature(&twin)),
        (
            "POST: an Object in the signature",
            (CheckName::SignatureProfile, Refusal::SignatureProfileViolated),
            signed.replacen("</ds:Signature>", "<ds:Object/></ds:Signature>", 1),
        ),
        ("POST: a signed sign-in Response", SHAPE, genuine(Signed::Response)),
        (
            "POST: larger than the limit",
            (CheckName::MessageXml, Refusal::MessageTooLarge),
            inside(&signed, &format!("<!--{}-->", "x".repeat(limit::LOGOUT_BYTES_MAX))),
        ),
    ];
    let posted = rows.into_iter().map(|(name, caught, xml)| (name, caught, Sent::Request(saml_response_value(&xml))));
    let garbage = Sent::Request("%%%".to_owned());
    posted.chain([("POST: no Base64", (ENCODING, Refusal::MessageEncodingInvalid), garbage)]).collect()
}

/// One deviation each, signed by the identity provider itself, over both bindings in turn.
fn values() -> Vec<Row> {
    let text = |xml: &str, old: &str, new: &str| replace(xml, old, new);
    let xml = request(&terms());
    let name_id = crate::support::element(&xml, "saml:NameID").to_owned();
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer>");
    let changed = |change: &dyn Fn(&mut LogoutTerms)| {
        let mut terms = terms();
        change(&mut terms);
        request(&terms)
    };
    let destination = |to: &str| changed(&|terms| terms.destination = Some(to.to_owned()));
    let made = |at: &str| changed(&|terms| terms.issue_instant = Some(at.to_owned()));
    let ends = |at: &str| changed(&|terms| terms.not_on_or_after = Some(at.to_owned()));
    let forbidden = |name| (name, Refusal::ValueForbiddenContent);
    let mismatch = (CheckName::LogoutDestination, Refusal::DestinationMismatch);
    let no_name = (CheckName::SubjectNameId, Refusal::NameIdMissing);
    let instant = |name| (name, Refusal::InstantMalformed);
    let limit = |name| (name, Refusal::LimitExceeded);
    let rows = vec![
        ("Version 1.1", SHAPE, text(&xml, "Version=\"2.0\"", "Version=\"1.1\"")),
        (
            "an ID that is an XPointer",
            (CheckName::LogoutShape, Refusal::IdInvalid),
            text(&xml, &terms().id, "xpointer(/)"),
        ),
        ("no ID", (CheckName::LogoutShape, Refusal::IdInvalid), text(&xml, &format!(" ID=\"{}\"", terms().id), "")),
        (
            "another Issuer",
            (CheckName::LogoutIssuer, Refusal::IssuerMismatch),
            text(&xml, IDP, "https://idp.other.test"),
        ),
        ("no Issuer", (CheckName::LogoutIssuer, Refusal::IssuerMissing), text(&xml, &issuer, "")),
        ("two Issuers", (CheckName::LogoutIssuer, Refusal::IssuerMismatch), text(&xml, &issuer, &issuer.repeat(2))),
        (
            "a comment in the Issuer",
            forbidden(CheckName::LogoutIssuer),
            text(&xml, IDP, &format!("{IDP}<!-- -->.eve.test")),
        ),
        ("another Destination", mismatch, destination("https://sign-in.example/saml/other/slo")),
        ("Destination with a slash", mismatch, destination(&format!("{SLO}/"))),
        ("the Destination of sign-ins", mismatch, destination(crate::support::ACS)),
        (
            "no Destination",
            (CheckName::LogoutDestination, Refusal::DestinationMissing),
            changed(&|terms| terms.destination = None),
        ),
        (
            "made long ago",
            (CheckName::LogoutIssueInstant, Refusal::LogoutMessageTooOld),
            made(&NOW.minus(days(1)).to_string()),
        ),
        (
            "made in the future",
            (CheckName::LogoutIssueInstant, Refusal::LogoutMessageNotYetValid),
            made(&NOW.plus(days(1)).to_string()),
        ),
        ("no IssueInstant", instant(CheckName::LogoutIssueInstant), changed(&|terms| terms.issue_instant = None)),
        ("IssueInstant without a zone", instant(CheckName::LogoutIssueInstant), made("2027-01-15T08:00:00")),
        (
            "expired",
            (CheckName::LogoutNotOnOrAfter, Refusal::LogoutRequestExpired),
            ends(&NOW.minus(days(1)).to_string()),
        ),
        ("NotOnOrAfter that is no moment", instant(CheckName::LogoutNotOnOrAfter), ends("tomorrow")),
        ("no NameID", no_name, text(&xml, &name_id, "")),
        ("two NameIDs", no_name, text(&xml, &name_id, &format!("{name_id}{}", name_id.replace(ADA, "eve@acme.test")))),
        ("an empty NameID", no_name, text(&xml, ADA, " ")),
        ("a BaseID", no_name, text(&xml, &name_id, "<saml:BaseID/>")),
        (
            "an EncryptedID",
            (CheckName::SubjectNameId, Refusal::NameIdEncrypted),
            text(&xml, &name_id, "<saml:EncryptedID/>"),
        ),
        (
            "a comment in the NameID",
            forbidden(CheckName::SubjectNameId),
            text(&xml, ADA, "ada@acme.test<!-- -->.eve.test"),
        ),
        ("an element in the NameID", forbidden(CheckName::SubjectNameId), text(&xml, ADA, "<b>ada@acme.test</b>")),
        ("a NameID longer than the limit", limit(CheckName::SubjectNameId), text(&xml, ADA, &"x".repeat(1025))),
        (
            "a comment in a SessionIndex",
            forbidden(CheckName::LogoutSessionIndex),
            text(&xml, ">_session<", ">_ses<!-- -->sion<"),
        ),
        (
            "a SessionIndex longer than the limit",
            limit(CheckName::LogoutSessionIndex),
            text(&xml, ">_session<", &format!(">{}<", "x".repeat(257))),
        ),
        (
            "more SessionIndexes than the limit",
            limit(CheckName::LogoutSessionIndex),
            changed(&|terms| terms.session_indexes = vec!["x".to_owned(); limit::SESSION_INDEXES_MAX + 1]),
        ),
    ];
    let sent = rows.into_iter().enumerate().map(|(at, (name, caught, xml))| {
        // What has no usable ID can be signed in a query only.
        let queried = at % 2 == 0 || caught.1 == Refusal::IdInvalid;
        let sent =
            if queried { Sent::Query(query(LogoutKind::Request, &xml, None)) } else { Sent::Request(form(&xml)) };
        (name, caught, sent)
    });
    sent.collect()
}

/// Answers to requests that nobody made.
fn answers() -> Vec<Row> {
    let name = CheckName::LogoutInResponseTo;
    let answer = |in_response_to: Option<&str>| {
        response(&LogoutTerms { in_response_to: in_response_to.map(str::to_owned), ..terms() })
    };
    let signed = |xml: &str| Sent::Query(query(LogoutKind::Response, xml, Some("r")));
    vec![
        ("answers nothing", (name, Refusal::InResponseToMissing), signed(&answer(None))),
        ("answers another request", (name, Refusal::InResponseToMismatch), signed(&answer(Some("_other")))),
        ("answers nothing, by POST", (name, Refusal::InResponseToMissing), Sent::Response(form(&answer(None)))),
        ("answer by POST not signed", UNSIGNED, Sent::Response(saml_response_value(&response(&terms())))),
        ("a request as a response, by POST", SHAPE, Sent::Response(form(&request(&terms())))),
    ]
}

/// The raw value of a parameter.
#[track_caller]
fn parameter<'q>(query: &'q str, name: &str) -> &'q str {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap()
}

/// Any query with the identity provider's signature behind it.
fn sign(query: &str) -> String {
    let query = format!("{query}&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256");
    let signature = saml_response_value_of(&RSA.sign_bytes(query.as_bytes()).unwrap());
    let encoded: String = url::form_urlencoded::byte_serialize(signature.as_bytes()).collect();
    format!("{query}&Signature={encoded}")
}

fn saml_response_value_of(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(bytes)
}

/// Small on the way, and a thousand times as large when it is inflated.
fn bomb() -> String {
    let xml = request(&terms());
    xml.replace("</saml:Issuer>", &format!("</saml:Issuer><!--{}-->", "x".repeat(4 * 1024 * 1024)))
}

fn deflated(xml: &str) -> String {
    parameter(&query(LogoutKind::Request, xml, None), "SAMLRequest").to_owned()
}

fn deflated_bytes(bytes: &[u8]) -> String {
    use std::io::Write;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    let value = saml_response_value_of(&encoder.finish().unwrap());
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

pub(crate) fn judge(sent: &Sent) -> LogoutVerdict {
    match sent {
        Sent::Query(query) => judge_query(query),
        Sent::Request(value) => judge_form(MessageKind::Request, value),
        Sent::Response(value) => judge_form(MessageKind::Response, value),
    }
}

#[test]
fn each_forgery_is_caught_by_the_check_that_is_there_for_it() {
    let mut wrong = Vec::new();
    for case in corpus() {
        let verdict = judge(&case.sent);
        let caught = verdict.failed_check().map(|check| check.name);
        let refusal = verdict.outcome.as_ref().err().copied();
        if (caught, refusal) != (Some(case.caught.0), Some(case.caught.1)) {
            wrong.push(format!("{}: {:?}", case.name, verdict.failed_check()));
        }
        let at = verdict.checks.iter().position(|check| check.status == CheckStatus::Failed).unwrap_or(0);
        let behind = verdict.checks.get(at + 1..).unwrap_or_default();
        assert!(behind.iter().all(|check| check.status == CheckStatus::NotReached), "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_case_stands_twice() {
    let corpus = corpus();
    assert!(corpus.len() >= 75, "{} cases", corpus.len());
    let (mut names, mut messages) = (BTreeSet::new(), BTreeSet::new());
    for case in &corpus {
        assert!(names.insert(case.name), "two cases are named {}", case.name);
        assert!(messages.insert(&case.sent), "{} repeats the message of another case", case.name);
    }
}
