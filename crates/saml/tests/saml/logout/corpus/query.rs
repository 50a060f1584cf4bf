//! The Redirect binding: what is done to a query, and what an identity provider should not have signed.

use vestibule_saml::{CheckName, Refusal, limit};
use vestibule_saml_idp::{LogoutKind, Signed};

use super::{ALGORITHM, ENCODING, INVALID, MISPLACED, Row, SHAPE, Sent, UNSIGNED};
use crate::{
    logout::{query, request, response, terms},
    support::{ADA, RSA, STRANGER, genuine, provider},
};

const MALFORMED: super::Caught = (ENCODING, Refusal::QueryMalformed);

pub(super) fn all() -> Vec<Row> {
    [queries(), signed_queries()].concat()
}

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
