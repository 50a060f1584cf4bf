//! The POST binding: the classical attacks on enveloped signatures.

use vestibule_saml::{CheckName, Refusal, limit};
use vestibule_saml_idp::{KeyInfo, Signed, saml_response_value};

use super::{ALGORITHM, ENCODING, INVALID, MISPLACED, Row, SHAPE, Sent, UNSIGNED};
use crate::{
    logout::{request, terms},
    support::{ADA, RSA, STRANGER, element, genuine, provider},
};

pub(super) fn all() -> Vec<Row> {
    let xml = request(&terms());
    let signed = provider(&RSA).sign_logout(&xml, &terms()).unwrap();
    let id = terms().id;
    let signature = element(&signed, "ds:Signature").to_owned();
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
