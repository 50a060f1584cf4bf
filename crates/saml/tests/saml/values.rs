//! A value is read whole or not at all.

use vestibule_saml::Refusal;
use vestibule_saml_idp::Signed;

use crate::support::{ADA, IDP, SP, genuine, judge, refuse, replace, signed_after};

#[test]
fn a_comment_in_a_value_is_refused_though_the_signature_holds() {
    let xml = genuine(Signed::Both);
    let name_id = format!(">{ADA}</saml:NameID>");
    let cases = [
        (name_id.as_str(), ">ada@acme.test<!---->.evil.example</saml:NameID>"),
        (name_id.as_str(), "><!-- -->ada@acme.test</saml:NameID>"),
        ("<saml:AttributeValue>staff<", "<saml:AttributeValue>st<!-- x -->aff<"),
        ("<saml:AuthnContextClassRef>urn", "<saml:AuthnContextClassRef><!-- -->urn"),
    ];
    for (old, new) in cases {
        let odd = replace(&xml, old, new);
        let changed = odd.replace(".evil.example", "");
        refuse(new, &judge(&changed), Refusal::ValueForbiddenContent);
    }
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer>");
    let odd = xml.replace(&issuer, &format!("<saml:Issuer>{IDP}<!-- --></saml:Issuer>"));
    refuse("Issuer", &judge(&odd), Refusal::ValueForbiddenContent);
    let odd = replace(&xml, &format!("{SP}</saml:Audience>"), &format!("{SP}<!-- --></saml:Audience>"));
    refuse("Audience", &judge(&odd), Refusal::ValueForbiddenContent);
}

#[test]
fn an_instruction_or_an_element_in_a_value_is_refused_even_when_it_was_signed() {
    for inside in ["ada@<?x y?>acme.test", "ada@<b/>acme.test", "<saml:NameID>ada@acme.test</saml:NameID>"] {
        let name_id =
            |xml: String| xml.replacen(&format!(">{ADA}</saml:NameID>"), &format!(">{inside}</saml:NameID>"), 1);
        refuse(inside, &judge(&signed_after(Signed::Assertion, name_id)), Refusal::ValueForbiddenContent);
        let value = |xml: String| xml.replacen(">staff<", &format!(">{inside}<"), 1);
        refuse(inside, &judge(&signed_after(Signed::Response, value)), Refusal::ValueForbiddenContent);
    }
}

#[test]
fn a_name_id_must_be_there_once_and_say_something() {
    let name_id =
        format!("<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{ADA}</saml:NameID>");
    for (case, new) in [
        ("none", String::new()),
        ("two", format!("{name_id}{name_id}")),
        ("empty", "<saml:NameID></saml:NameID>".to_owned()),
        ("blank", "<saml:NameID> \n </saml:NameID>".to_owned()),
        ("BaseID", "<saml:BaseID/>".to_owned()),
        ("EncryptedID", "<saml:EncryptedID/>".to_owned()),
        ("in another namespace", name_id.replace("saml:NameID", "samlp:NameID")),
    ] {
        let xml = signed_after(Signed::Assertion, |xml| replace(&xml, &name_id, &new));
        refuse(case, &judge(&xml), Refusal::NameIdMissing);
    }
    let long =
        signed_after(Signed::Assertion, |xml| xml.replacen(&format!(">{ADA}<"), &format!(">{}<", "a".repeat(1025)), 1));
    refuse("too long", &judge(&long), Refusal::LimitExceeded);
}
