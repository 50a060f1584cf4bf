//! XML signature wrapping. The genuine signed content is always still there; what a careless reader takes is Eve.

use vestibule_saml::{CheckName, Refusal};
use vestibule_saml_idp::{Forgery, Signed};

use super::{Case, Caught, Class, cases};
use crate::support::{ADA, RSA, element, forged, genuine, replace, terms};

const PAPER: &str = "Somorovsky et al., On Breaking SAML, 2012";
const TWO: Caught = (CheckName::ResponseAssertion, Refusal::AssertionNotSingle);
const SAME_ID: Caught = (CheckName::ResponseAssertion, Refusal::IdNotUnique);
const MISPLACED: Caught = (CheckName::SignaturePresent, Refusal::SignatureMisplaced);
const REFERENCE: Caught = (CheckName::SignatureReference, Refusal::SignatureReferenceForbidden);
const INVALID: Caught = (CheckName::SignatureValue, Refusal::SignatureInvalid);

pub(super) fn all() -> Vec<Case> {
    [responses(), assertions(), ids(), places(), elsewhere()].into_iter().flatten().collect()
}

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

/// Puts `inside` behind the Issuer of a Response.
fn behind_issuer(response: &str, inside: &str) -> String {
    response.replacen("</saml:Issuer>", &format!("</saml:Issuer>{inside}"), 1)
}

/// A signed Response inside of a forged one, or beside it.
fn responses() -> Vec<Case> {
    let xml = genuine(Signed::Response);
    let signature = element(&xml, "ds:Signature");
    let bare = xml.replace(signature, "");
    let evil = bare.replace(ADA, "eve@acme.test").replace(&terms().response_id, "_evil");
    let extensions = format!("{signature}<samlp:Extensions>{bare}</samlp:Extensions>");
    let inside = signature.replace("</ds:Signature>", &format!("{bare}</ds:Signature>"));
    let messages = [
        ("XSW1, Response in the signature's Object", forged(Forgery::ResponseInObject)),
        ("XSW2, Response before its signature", forged(Forgery::ResponseBeforeSignature)),
        ("Response in Extensions", behind_issuer(&evil, &extensions)),
        ("Response in its signature", behind_issuer(&evil, &inside)),
        (
            "Response in the Status",
            evil.replace("</samlp:Status>", &format!("<samlp:StatusDetail>{xml}</samlp:StatusDetail></samlp:Status>")),
        ),
        ("Response behind the forged Assertion", evil.replace("</samlp:Response>", &format!("{xml}</samlp:Response>"))),
    ];
    let around = [("Response under a foreign root", format!("<root>{evil}{xml}</root>"))];
    let mut all = cases(Class::Wrapping, PAPER, TWO, messages);
    all.extend(cases(Class::Wrapping, "", (CheckName::ResponseShape, Refusal::NotAResponse), around));
    all
}

fn assertions() -> Vec<Case> {
    let Pieces { xml, assertion, bare, evil, .. } = pieces();
    let advice = format!("</saml:Conditions><saml:Advice>{assertion}</saml:Advice>");
    let detail = format!("<samlp:StatusDetail>{evil}</samlp:StatusDetail></samlp:Status>");
    let messages = [
        ("XSW3, forged first", forged(Forgery::AssertionFirst)),
        ("XSW3, forged second", replace(&xml, &assertion, &format!("{assertion}{evil}"))),
        ("XSW4, forged around", forged(Forgery::AssertionAround)),
        ("XSW5, signature in the forged one", forged(Forgery::SignatureMoved)),
        ("XSW6, genuine one in the signature", forged(Forgery::AssertionInSignature)),
        ("XSW7, forged in Extensions", forged(Forgery::AssertionInExtensions)),
        ("XSW8, genuine one in the Object", forged(Forgery::AssertionInObject)),
        ("genuine one in Advice", replace(&xml, &assertion, &evil.replace("</saml:Conditions>", &advice))),
        ("forged in the Status", replace(&xml, "</samlp:Status>", &detail)),
    ];
    let second = bare.replace(&terms().assertion_id, "_second");
    let both = genuine(Signed::Nothing).replace("</samlp:Response>", &format!("{second}</samlp:Response>"));
    let sign = |xml: &str, id: &str| RSA.sign_element(xml, id, &RSA.profile()).unwrap();
    let two = [
        ("two under one signature", sign(&both, &terms().response_id)),
        ("two, each signed", sign(&sign(&both, &terms().assertion_id), "_second")),
    ];
    // The forged one under the genuine Response's own signature's eyes: what samlify took.
    let beside = genuine(Signed::Response).replace("</samlp:Response>", &format!("{evil}</samlp:Response>"));
    let mut all = cases(Class::Wrapping, PAPER, TWO, messages);
    all.extend(cases(Class::Wrapping, "", TWO, two));
    all.extend(cases(Class::Wrapping, "CVE-2025-47949 (samlify)", TWO, [("forged beside a signed Response", beside)]));
    all
}

fn ids() -> Vec<Case> {
    let Pieces { xml, assertion, signature, evil, .. } = pieces();
    let id = terms().assertion_id;
    // The genuine content as something that is no assertion, so that only one is counted.
    let hidden = assertion.replace("saml:Assertion", "saml:Advice").replace(&signature, "");
    let same_id = behind_issuer(&evil.replace("_evil", &id), &signature);
    let mut messages = vec![("twice".to_owned(), replace(&xml, &assertion, &format!("{hidden}{same_id}")))];
    for attribute in ["Id", "id", "AssertionID", "xml:id"] {
        let odd = xml.replacen("<saml:Subject>", &format!("<saml:Subject {attribute}=\"{id}\">"), 1);
        messages.push((attribute.to_owned(), odd));
    }
    let prefixed = xml.replacen("<samlp:Status>", &format!("<samlp:Status xmlns:x=\"urn:x\" x:ID=\"{id}\">"), 1);
    messages.push(("prefixed".to_owned(), prefixed));
    let mut all = cases(Class::DuplicateId, "", SAME_ID, messages);
    // A reader that ignores namespaces takes the other ID for the element's own.
    let polluted = behind_issuer(&evil.replace(" ID=", &format!(" xmlns:x=\"urn:x\" x:ID=\"{id}\" ID=")), &signature);
    let polluted = [("attribute pollution", replace(&xml, &assertion, &polluted))];
    all.extend(cases(Class::DuplicateId, "The Fragile Lock, 2025", REFERENCE, polluted));
    all
}

/// A signature counts only where it stands.
fn places() -> Vec<Case> {
    let Pieces { xml, assertion, signature, evil, bare } = pieces();
    let swap = |with: &str| replace(&xml, &assertion, with);
    let status = format!("{signature}<samlp:Status>");
    let nested = bare.replace("<saml:Subject>", &format!("<saml:Subject>{signature}"));
    let same_id = behind_issuer(&evil.replace("_evil", &terms().assertion_id), &signature);
    let moved = [
        ("signature moved to the Response", swap(&bare).replace("<samlp:Status>", &status)),
        ("signature borrowed by the forged one", swap(&behind_issuer(&evil, &signature))),
    ];
    let misplaced = [
        ("signature in the Subject", swap(&nested)),
        ("signature twice in one place", xml.replacen(&signature, &format!("{signature}{signature}"), 1)),
        ("a second signature on the Response", replace(&genuine(Signed::Both), "<samlp:Status>", &status)),
    ];
    let mut all = cases(Class::Wrapping, PAPER, REFERENCE, moved);
    all.extend(cases(Class::Wrapping, PAPER, MISPLACED, misplaced));
    all.extend(cases(Class::Wrapping, PAPER, INVALID, [("forged one with the genuine ID", swap(&same_id))]));
    all
}

/// An assertion elsewhere is none.
fn elsewhere() -> Vec<Case> {
    let Pieces { xml, assertion, .. } = pieces();
    let swap = |with: &str| replace(&xml, &assertion, with);
    let place = CheckName::ResponseAssertion;
    let renamed = xml.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion");
    let missing = [("no assertion", swap("")), ("assertion of SAML 1.0", renamed)];
    let extension = [("assertion in Extensions", swap(&format!("<samlp:Extensions>{assertion}</samlp:Extensions>")))];
    let mixed = [("EncryptedAssertion beside a plain one", swap(&format!("<saml:EncryptedAssertion/>{assertion}")))];
    let mut all = cases(Class::Shape, "", (place, Refusal::AssertionMissing), missing);
    all.extend(cases(Class::Wrapping, "", (place, Refusal::AssertionMisplaced), extension));
    all.extend(cases(Class::Wrapping, "", TWO, mixed));
    all
}
