//! XML signature wrapping: the eight forms of Somorovsky et al. ("On Breaking SAML", 2012) and their kin. The
//! genuine signed content is always still there; what a careless reader takes is Eve.

use vestibule_saml::Refusal;
use vestibule_saml_idp::Signed;

use crate::support::{ADA, element, genuine, judge, refuse, replace, terms};

/// A genuine message in pieces.
struct Pieces {
    xml: String,
    /// The signed assertion with its signature.
    assertion: String,
    signature: String,
    /// The signed assertion without its signature.
    bare: String,
    /// An assertion about Eve with an ID of its own.
    evil: String,
}

fn pieces() -> Pieces {
    let xml = genuine(Signed::Assertion);
    let assertion = element(&xml, "saml:Assertion").to_owned();
    let signature = element(&xml, "ds:Signature").to_owned();
    let bare = assertion.replace(&signature, "");
    let evil = bare.replace(ADA, "eve@acme.test").replace(&terms().assertion_id, "_evil");
    Pieces { xml, assertion, signature, bare, evil }
}

/// The same for a signature on the Response.
fn wrapped_response(place: impl FnOnce(&str, &str, &str) -> String) -> String {
    let xml = genuine(Signed::Response);
    let signature = element(&xml, "ds:Signature").to_owned();
    let bare = xml.replace(&signature, "");
    let evil = bare.replace(ADA, "eve@acme.test").replace(&terms().response_id, "_evil");
    place(&evil, &signature, &bare)
}

/// Puts `inside` behind the Issuer of a Response.
fn behind_issuer(response: &str, inside: &str) -> String {
    response.replacen("</saml:Issuer>", &format!("</saml:Issuer>{inside}"), 1)
}

#[test]
fn a_signed_response_inside_of_a_forged_one() {
    let into_signature = |signature: &str, bare: &str| {
        signature.replace("</ds:Signature>", &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"))
    };
    let cases = [
        (
            "XSW1: in the signature's Object",
            wrapped_response(|evil, signature, bare| behind_issuer(evil, &into_signature(signature, bare))),
        ),
        (
            "XSW2: before the signature",
            wrapped_response(|evil, signature, bare| behind_issuer(evil, &format!("{bare}{signature}"))),
        ),
        (
            "in Extensions",
            wrapped_response(|evil, signature, bare| {
                behind_issuer(evil, &format!("{signature}<samlp:Extensions>{bare}</samlp:Extensions>"))
            }),
        ),
    ];
    for (case, xml) in cases {
        refuse(case, &judge(&xml), Refusal::AssertionNotSingle);
    }
}

#[test]
fn a_signed_assertion_beside_a_forged_one() {
    let Pieces { xml, assertion, signature, bare, evil } = pieces();
    let evil_around = evil.replace("</saml:Assertion>", &format!("{assertion}</saml:Assertion>"));
    let swapped = behind_issuer(&evil, &signature);
    let object = format!("<ds:Object>{bare}</ds:Object></ds:Signature>");
    let carrying = behind_issuer(&evil, &signature.replace("</ds:Signature>", &object));
    let inside = signature.replace("</ds:Signature>", &format!("{bare}</ds:Signature>"));
    let advice = format!("</saml:Conditions><saml:Advice>{assertion}</saml:Advice>");
    let cases = [
        ("XSW3: forged first", replace(&xml, &assertion, &format!("{evil}{assertion}"))),
        ("forged second", replace(&xml, &assertion, &format!("{assertion}{evil}"))),
        ("XSW4: forged around", replace(&xml, &assertion, &evil_around)),
        ("XSW5: signature in the forged one", replace(&xml, &assertion, &format!("{swapped}{bare}"))),
        ("XSW6: genuine one in the signature", replace(&xml, &assertion, &behind_issuer(&evil, &inside))),
        ("XSW7: forged in Extensions", behind_issuer(&xml, &format!("<samlp:Extensions>{evil}</samlp:Extensions>"))),
        ("XSW8: genuine one in the Object", replace(&xml, &assertion, &carrying)),
        ("genuine one in Advice", replace(&xml, &assertion, &evil.replace("</saml:Conditions>", &advice))),
        (
            "forged in the Status",
            replace(
                &xml,
                "</samlp:Status>",
                &format!("<samlp:StatusDetail>{evil}</samlp:StatusDetail></samlp:Status>"),
            ),
        ),
    ];
    for (case, xml) in cases {
        refuse(case, &judge(&xml), Refusal::AssertionNotSingle);
    }
}

#[test]
fn two_genuine_assertions_are_still_two() {
    let xml = genuine(Signed::Nothing);
    let second = element(&xml, "saml:Assertion").replace(&terms().assertion_id, "_second");
    let both = xml.replace("</samlp:Response>", &format!("{second}</samlp:Response>"));
    let key = &crate::support::RSA;
    let signed = key.sign_element(&both, &terms().response_id, &key.profile()).unwrap();
    refuse("response signed", &judge(&signed), Refusal::AssertionNotSingle);
    let one = key.sign_element(&both, &terms().assertion_id, &key.profile()).unwrap();
    let each = key.sign_element(&one, "_second", &key.profile()).unwrap();
    refuse("each signed", &judge(&each), Refusal::AssertionNotSingle);
}

#[test]
fn an_id_belongs_to_one_element() {
    let Pieces { xml, assertion, signature, evil, .. } = pieces();
    let id = terms().assertion_id;
    // The genuine content as something that is no assertion, so that only one is counted.
    let hidden = assertion.replace("saml:Assertion", "saml:Advice").replace(&signature, "");
    let same_id = behind_issuer(&evil.replace("_evil", &id), &signature);
    let twice = replace(&xml, &assertion, &format!("{hidden}{same_id}"));
    refuse("the same ID twice", &judge(&twice), Refusal::IdNotUnique);
    for attribute in ["Id", "id", "AssertionID", "xml:id"] {
        let odd = xml.replacen("<saml:Subject>", &format!("<saml:Subject {attribute}=\"{id}\">"), 1);
        refuse(attribute, &judge(&odd), Refusal::IdNotUnique);
    }
    let prefixed = xml.replacen("<samlp:Status>", &format!("<samlp:Status xmlns:x=\"urn:x\" x:ID=\"{id}\">"), 1);
    refuse("prefixed ID", &judge(&prefixed), Refusal::IdNotUnique);
}

#[test]
fn a_signature_counts_only_where_it_stands() {
    let Pieces { xml, assertion, signature, evil, bare } = pieces();
    let moved_out = replace(&xml, &assertion, &bare).replace("<samlp:Status>", &format!("{signature}<samlp:Status>"));
    refuse("moved to the Response", &judge(&moved_out), Refusal::SignatureReferenceForbidden);
    let nested = bare.replace("<saml:Subject>", &format!("<saml:Subject>{signature}"));
    refuse("moved into the Subject", &judge(&replace(&xml, &assertion, &nested)), Refusal::SignatureMisplaced);
    let twice = xml.replacen(&signature, &format!("{signature}{signature}"), 1);
    refuse("twice in one place", &judge(&twice), Refusal::SignatureMisplaced);
    let third = format!("{signature}<samlp:Status>");
    let outside = replace(&genuine(Signed::Both), "<samlp:Status>", &third);
    refuse("a second one on the Response", &judge(&outside), Refusal::SignatureMisplaced);
    let borrowed = replace(&xml, &assertion, &behind_issuer(&evil, &signature));
    refuse("borrowed by the forged one", &judge(&borrowed), Refusal::SignatureReferenceForbidden);
    let same_id = behind_issuer(&evil.replace("_evil", &terms().assertion_id), &signature);
    refuse("with the genuine ID", &judge(&replace(&xml, &assertion, &same_id)), Refusal::SignatureInvalid);
}

#[test]
fn an_assertion_elsewhere_is_none() {
    let Pieces { xml, assertion, .. } = pieces();
    let extension = format!("<samlp:Extensions>{assertion}</samlp:Extensions>");
    refuse("in Extensions", &judge(&replace(&xml, &assertion, &extension)), Refusal::AssertionMisplaced);
    refuse("none", &judge(&replace(&xml, &assertion, "")), Refusal::AssertionMissing);
    let renamed = xml.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion");
    refuse("SAML 1.0", &judge(&renamed), Refusal::AssertionMissing);
    let encrypted = replace(&xml, &assertion, "<saml:EncryptedAssertion/>");
    refuse("encrypted", &judge(&encrypted), Refusal::AssertionEncrypted);
    let mixed = replace(&xml, &assertion, &format!("<saml:EncryptedAssertion/>{assertion}"));
    refuse("encrypted beside a plain one", &judge(&mixed), Refusal::AssertionNotSingle);
}
