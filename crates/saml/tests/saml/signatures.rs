use vestibule_saml::Refusal;
use vestibule_saml_idp::{KeyInfo, ResponseTerms, SignatureProfile, Signed};

use crate::support::{
    EC, RSA, STRANGER, ada, element, expectation, genuine, judge, provider, refuse, replace, terms, trusting,
};

const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

fn profiled(change: impl FnOnce(&mut SignatureProfile)) -> String {
    let mut profile = RSA.profile();
    change(&mut profile);
    provider(&RSA).respond(&ada(), &ResponseTerms { signature: Some(profile), ..terms() }).unwrap()
}

#[test]
fn unsigned_is_refused() {
    refuse("unsigned", &judge(&genuine(Signed::Nothing)), Refusal::SignatureMissing);
    let xml = genuine(Signed::Assertion);
    let stripped = xml.replace(element(&xml, "ds:Signature"), "");
    refuse("stripped", &judge(&stripped), Refusal::SignatureMissing);
}

#[test]
fn algorithms_off_the_list_are_refused_before_anything_is_computed() {
    let signature_methods = [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        "urn:unknown",
        "",
    ];
    let xml = genuine(Signed::Assertion);
    for method in signature_methods {
        let odd = replace(&xml, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", method);
        refuse(method, &judge(&odd), Refusal::SignatureAlgorithmNotAllowed);
    }
    // A valid signature, by the right key, over a SHA-1 digest.
    let weak = profiled(|profile| profile.digest_method = SHA1.to_owned());
    refuse("SHA-1 digest", &judge(&weak), Refusal::SignatureAlgorithmNotAllowed);
    for c14n in
        ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"]
    {
        let odd = profiled(|profile| profile.canonicalization_method = c14n.to_owned());
        refuse(c14n, &judge(&odd), Refusal::SignatureAlgorithmNotAllowed);
    }
}

#[test]
fn the_public_key_is_no_hmac_secret() {
    let confused = provider(&RSA.hmac_of_public_key().unwrap());
    let xml = confused.respond(&ada(), &terms()).unwrap();
    assert!(xml.contains("hmac-sha256"));
    refuse("HMAC keyed with the public key", &judge(&xml), Refusal::SignatureAlgorithmNotAllowed);
}

#[test]
fn a_key_of_another_kind_is_no_match() {
    let xml = replace(&genuine(Signed::Assertion), "xmldsig-more#rsa-sha256", "xmldsig-more#ecdsa-sha256");
    refuse("an RSA key for ECDSA", &judge(&xml), Refusal::SignatureInvalid);
}

#[test]
fn what_the_message_says_about_its_key_chooses_nothing() {
    let foreign = provider(&STRANGER).respond(&ada(), &terms()).unwrap();
    refuse("foreign key, its certificate in KeyInfo", &judge(&foreign), Refusal::CertificateNotTrusted);
    let ours = element(&genuine(Signed::Assertion), "ds:KeyInfo").to_owned();
    for (case, key_info) in [("our certificate in KeyInfo", KeyInfo::Xml(ours)), ("no KeyInfo", KeyInfo::Omit)] {
        let signature = Some(SignatureProfile { key_info, ..STRANGER.profile() });
        let xml = provider(&STRANGER).respond(&ada(), &ResponseTerms { signature, ..terms() }).unwrap();
        refuse(case, &judge(&xml), Refusal::SignatureInvalid);
    }
    // The same message is fine for whoever trusts that key.
    let trusted = trusting(&[&STRANGER]);
    let expectation = vestibule_saml::Expectation { trusted: &trusted, ..expectation() };
    assert!(vestibule_saml::validate_xml(&foreign, &expectation).outcome.is_ok());
}

#[test]
fn one_bad_signature_of_two_refuses() {
    let unsigned = genuine(Signed::Nothing);
    let assertion = STRANGER.sign_element(&unsigned, &terms().assertion_id, &STRANGER.profile()).unwrap();
    let both = RSA.sign_element(&assertion, &terms().response_id, &RSA.profile()).unwrap();
    refuse("assertion by a stranger, response genuine", &judge(&both), Refusal::CertificateNotTrusted);
    let assertion = RSA.sign_element(&unsigned, &terms().assertion_id, &RSA.profile()).unwrap();
    let both = EC.sign_element(&assertion, &terms().response_id, &EC.profile()).unwrap();
    refuse("assertion genuine, response by a stranger", &judge(&both), Refusal::CertificateNotTrusted);
}

#[test]
fn a_changed_value_breaks_the_digest() {
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        let xml = genuine(signed);
        let changes = [
            (">ada@acme.test</saml:NameID>", ">bob@acme.test</saml:NameID>"),
            (">staff<", ">stafF<"),
            ("Name=\"groups\"", "Name=\"groupz\""),
            ("<saml:AttributeValue>Ada<", "<saml:AttributeValue>Eve<"),
        ];
        for (old, new) in changes {
            refuse(new, &judge(&replace(&xml, old, new)), Refusal::SignatureInvalid);
        }
        let value = element(&xml, "ds:SignatureValue");
        let odd = xml.replacen(value, &value.replace(['A', 'B'], "C"), 1);
        refuse("changed signature value", &judge(&odd), Refusal::SignatureInvalid);
        let odd = xml.replacen(value, "<ds:SignatureValue>!</ds:SignatureValue>", 1);
        refuse("no Base64", &judge(&odd), Refusal::SignatureInvalid);
    }
}

#[test]
fn references_to_anything_but_the_parent_are_refused_without_following_them() {
    let xml = genuine(Signed::Assertion);
    let own = format!("URI=\"#{}\"", terms().assertion_id);
    let response = format!("#{}", terms().response_id);
    for uri in [
        "",
        "http://127.0.0.1:9/evil",
        "https://attacker.example/a",
        "file:///etc/hostname",
        "/etc/hostname",
        "Cargo.toml",
        "cid:attachment",
        "#xpointer(/)",
        "#unknown",
        "#",
        response.as_str(),
    ] {
        let odd = replace(&xml, &own, &format!("URI=\"{uri}\""));
        refuse(uri, &judge(&odd), Refusal::SignatureReferenceForbidden);
    }
    let odd = replace(&xml, &format!(" {own}"), "");
    refuse("no URI", &judge(&odd), Refusal::SignatureReferenceForbidden);
}

#[test]
fn transforms_off_the_list_are_refused_without_running_them() {
    let xml = genuine(Signed::Assertion);
    let transforms = element(&xml, "ds:Transforms");
    let c14n = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let enveloped = format!("<ds:Transform Algorithm=\"{DSIG}enveloped-signature\"/>");
    let odd_transforms = [
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet \
         xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/></ds:Transform>"
            .to_owned(),
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>not(1=0)</ds:XPath>\
         </ds:Transform>"
            .to_owned(),
        format!("<ds:Transform Algorithm=\"{DSIG}base64\"/>"),
        "<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"/>".to_owned(),
        enveloped.clone(),
        String::new(),
    ];
    for odd in &odd_transforms {
        let odd_xml = replace(&xml, transforms, &format!("<ds:Transforms>{odd}{c14n}</ds:Transforms>"));
        let genuine_again = odd == &enveloped;
        if genuine_again {
            assert!(judge(&odd_xml).outcome.is_ok());
        } else {
            refuse(odd, &judge(&odd_xml), Refusal::SignatureTransformForbidden);
        }
    }
    for odd in [format!("{c14n}{enveloped}"), format!("{enveloped}{enveloped}{c14n}"), enveloped.clone()] {
        let odd_xml = replace(&xml, transforms, &format!("<ds:Transforms>{odd}</ds:Transforms>"));
        refuse(&odd, &judge(&odd_xml), Refusal::SignatureTransformForbidden);
    }
}

#[test]
fn a_signature_of_another_form_is_refused() {
    let xml = genuine(Signed::Assertion);
    let reference = element(&xml, "ds:Reference");
    let twice = format!("{reference}{reference}");
    let value = element(&xml, "ds:SignatureValue");
    let commented = value.replace("<ds:SignatureValue>", "<ds:SignatureValue><!---->");
    let key_info = element(&xml, "ds:KeyInfo");
    let doubled = format!("{key_info}{key_info}");
    let retrieval = "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://127.0.0.1:9/\"/></ds:KeyInfo>";
    let object = format!("{key_info}<ds:Object><a/></ds:Object>");
    let manifest = format!("{key_info}<ds:Object><ds:Manifest/></ds:Object>");
    let prefixed = "<ds:SignatureMethod xmlns:x=\"urn:x\" \
        x:Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\" Algorithm=";
    let length = "#rsa-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>";
    let cases: [(&str, &str, &str); 12] = [
        ("two references", reference, &twice),
        ("no reference", reference, ""),
        ("comment in the value", value, &commented),
        ("two KeyInfo", key_info, &doubled),
        ("RetrievalMethod", key_info, retrieval),
        ("Object", key_info, &object),
        ("Manifest", key_info, &manifest),
        ("a prefixed Algorithm", "<ds:SignatureMethod Algorithm=", prefixed),
        ("HMACOutputLength", "#rsa-sha256\"/>", length),
        ("comment in SignedInfo", "<ds:SignedInfo>", "<ds:SignedInfo><!-- -->"),
        ("instruction in SignedInfo", "<ds:SignedInfo>", "<ds:SignedInfo><?a b?>"),
        ("Type of the Reference", "<ds:Reference ", "<ds:Reference Type=\"urn:x\" "),
    ];
    for (case, old, new) in cases {
        refuse(case, &judge(&replace(&xml, old, new)), Refusal::SignatureProfileViolated);
    }
}
