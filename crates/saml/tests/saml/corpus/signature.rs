//! Signatures that are missing, foreign, of another form, or over something else.

use vestibule_saml::{CheckName, Refusal, limit};
use vestibule_saml_idp::{KeyInfo, ResponseTerms, SignatureProfile, Signed, SigningKey};

use super::{Case, Caught, Class, cases};
use crate::support::{ADA, EC, RSA, STRANGER, ada, element, genuine, provider, replace, terms};

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const MISSING: Caught = (CheckName::SignaturePresent, Refusal::SignatureMissing);
const PROFILE: Caught = (CheckName::SignatureProfile, Refusal::SignatureProfileViolated);
const REFERENCE: Caught = (CheckName::SignatureReference, Refusal::SignatureReferenceForbidden);
const TRANSFORM: Caught = (CheckName::SignatureReference, Refusal::SignatureTransformForbidden);
const ALGORITHM: Caught = (CheckName::SignatureAlgorithm, Refusal::SignatureAlgorithmNotAllowed);
const INVALID: Caught = (CheckName::SignatureValue, Refusal::SignatureInvalid);
const UNTRUSTED: Caught = (CheckName::SignatureValue, Refusal::CertificateNotTrusted);

pub(super) fn all() -> Vec<Case> {
    [stripped(), algorithms(), keys(), tampered(), references(), transforms(), forms(), differentials(), formless()]
        .into_iter()
        .flatten()
        .collect()
}

fn profiled(key: &SigningKey, change: impl FnOnce(&mut SignatureProfile)) -> String {
    let mut profile = key.profile();
    change(&mut profile);
    provider(key).respond(&ada(), &ResponseTerms { signature: Some(profile), ..terms() }).unwrap()
}

fn stripped() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let signature = element(&xml, "ds:Signature");
    let renamed = xml.replace(&format!("xmlns:ds=\"{DSIG}\""), "xmlns:ds=\"urn:signature\"");
    let commented = xml.replace(signature, &format!("<!--{signature}-->"));
    let messages = [
        ("signature removed", xml.replace(signature, "")),
        ("signature in another namespace", renamed),
        ("signature in a comment", commented),
    ];
    cases(Class::Stripping, "", MISSING, messages)
}

fn algorithms() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let method = |method: &str| replace(&xml, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", method);
    let methods = [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha224-rsa-MGF1",
        "urn:unknown",
        "",
    ]
    .map(|uri| (format!("SignatureMethod {uri}"), method(uri)));
    let canonicalizations = [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ]
    .map(|uri| (uri, profiled(&RSA, |profile| uri.clone_into(&mut profile.canonicalization_method))));
    let confused = provider(&RSA.hmac_of_public_key().unwrap()).respond(&ada(), &terms()).unwrap();
    let sha1 = profiled(&RSA, |profile| profile.digest_method = format!("{DSIG}sha1"));
    let mut all = cases(Class::AlgorithmConfusion, "", ALGORITHM, methods);
    all.extend(cases(Class::Canonicalisation, "", ALGORITHM, canonicalizations));
    all.extend(cases(
        Class::AlgorithmConfusion,
        "",
        ALGORITHM,
        [("HMAC keyed with the public key", confused), ("genuine over a SHA-1 digest", sha1)],
    ));
    let kind = [("an RSA key for ECDSA", method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"))];
    all.extend(cases(Class::AlgorithmConfusion, "", INVALID, kind));
    all
}

/// What the message says about its key chooses nothing.
fn keys() -> Vec<Case> {
    let ours = element(&genuine(Signed::Assertion), "ds:KeyInfo").to_owned();
    let unsigned = genuine(Signed::Nothing);
    let both = |inner: &SigningKey, outer: &SigningKey| {
        let inside = inner.sign_element(&unsigned, &terms().assertion_id, &inner.profile()).unwrap();
        outer.sign_element(&inside, &terms().response_id, &outer.profile()).unwrap()
    };
    let untrusted = [
        ("foreign key, its certificate in KeyInfo", provider(&STRANGER).respond(&ada(), &terms()).unwrap()),
        ("assertion by a stranger, response genuine", both(&STRANGER, &RSA)),
        ("assertion genuine, response by a stranger", both(&RSA, &EC)),
    ];
    let invalid = [
        (
            "foreign key, our certificate in KeyInfo",
            profiled(&STRANGER, |profile| profile.key_info = KeyInfo::Xml(ours)),
        ),
        ("foreign key, no KeyInfo", profiled(&STRANGER, |profile| profile.key_info = KeyInfo::Omit)),
    ];
    let mut all = cases(Class::ForeignKey, "", UNTRUSTED, untrusted);
    all.extend(cases(Class::ForeignKey, "", INVALID, invalid));
    all
}

fn tampered() -> Vec<Case> {
    let mut all = Vec::new();
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        let xml = genuine(signed);
        let value = element(&xml, "ds:SignatureValue");
        let messages = [
            ("NameID", replace(&xml, ">ada@acme.test</saml:NameID>", ">bob@acme.test</saml:NameID>")),
            ("group", replace(&xml, ">staff<", ">stafF<")),
            ("attribute name", replace(&xml, "Name=\"groups\"", "Name=\"groupz\"")),
            ("attribute value", replace(&xml, "<saml:AttributeValue>Ada<", "<saml:AttributeValue>Eve<")),
            ("signature value", xml.replacen(value, &value.replace(['A', 'B'], "C"), 1)),
            ("signature value without Base64", xml.replacen(value, "<ds:SignatureValue>!</ds:SignatureValue>", 1)),
        ]
        .map(|(name, xml)| (format!("{name}, {signed:?} signed"), xml));
        all.extend(cases(Class::Tampering, "", INVALID, messages));
    }
    all
}

/// A reference to anything but the parent is refused without following it.
fn references() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let own = format!("URI=\"#{}\"", terms().assertion_id);
    let response = format!("#{}", terms().response_id);
    let messages = [
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
    ]
    .map(|uri| (format!("Reference to {uri:?}"), replace(&xml, &own, &format!("URI=\"{uri}\""))));
    let mut all = cases(Class::Reference, "Hill, Attacking XML Security, 2007", REFERENCE, messages);
    all.extend(cases(Class::Reference, "", REFERENCE, [("no URI", replace(&xml, &format!(" {own}"), ""))]));
    all
}

/// A transform off the list is refused without running it.
fn transforms() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let transforms = element(&xml, "ds:Transforms");
    let with = |inside: &str| replace(&xml, transforms, &format!("<ds:Transforms>{inside}</ds:Transforms>"));
    let c14n = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let enveloped = format!("<ds:Transform Algorithm=\"{DSIG}enveloped-signature\"/>");
    let xslt = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet \
         xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/></ds:Transform>";
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
        <ds:XPath>not(1=0)</ds:XPath></ds:Transform>";
    let run = [("XSLT", with(&format!("{xslt}{c14n}"))), ("XPath", with(&format!("{xpath}{c14n}")))];
    let others = [
        ("Base64", with(&format!("<ds:Transform Algorithm=\"{DSIG}base64\"/>{c14n}"))),
        (
            "XPath filter 2",
            with(&format!("<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"/>{c14n}")),
        ),
        ("exclusive C14N only", with(c14n)),
        ("the wrong order", with(&format!("{c14n}{enveloped}"))),
        ("enveloped twice", with(&format!("{enveloped}{enveloped}{c14n}"))),
        ("enveloped only", with(&enveloped)),
        ("none", with("")),
    ];
    let mut all = cases(Class::Transform, "Hill, Attacking XML Security, 2007", TRANSFORM, run);
    all.extend(cases(Class::Transform, "", TRANSFORM, others));
    all
}

/// What a verifier could read in two ways is not read at all.
fn forms() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let swap = |old: &str, new: &str| replace(&xml, old, new);
    let (reference, key_info) = (element(&xml, "ds:Reference"), element(&xml, "ds:KeyInfo"));
    let (signed_info, value) = (element(&xml, "ds:SignedInfo"), element(&xml, "ds:SignatureValue"));
    let digest = element(&xml, "ds:DigestValue");
    let prefixed = "<ds:SignatureMethod xmlns:x=\"urn:x\" \
        x:Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\" Algorithm=";
    let length = "#rsa-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>";
    let fetched = |name: &str| format!("<ds:KeyInfo><ds:{name} URI=\"http://127.0.0.1:9/\"/></ds:KeyInfo>");
    let evil = signed_info.replace(digest, "<ds:DigestValue>AAAA</ds:DigestValue>");
    let enveloped = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    let open = enveloped.trim_end_matches("/>");
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let list = |prefixes: &str| {
        let namespace = "http://www.w3.org/2001/10/xml-exc-c14n#";
        format!("<ec:InclusiveNamespaces xmlns:ec=\"{namespace}\" PrefixList=\"{prefixes}\"/>")
    };
    let listed =
        |inside: &str| swap(exclusive, &format!("{}>{inside}</ds:Transform>", exclusive.trim_end_matches("/>")));
    let commented = digest.replace("<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->");
    let known = [
        ("CVE-2025-29774 (xml-crypto)", "two SignedInfo", swap(signed_info, &format!("{signed_info}{evil}"))),
        (
            "CVE-2025-29774 (xml-crypto)",
            "two SignedInfo, forged first",
            swap(signed_info, &format!("{evil}{signed_info}")),
        ),
        ("CVE-2025-29775 (xml-crypto)", "comment in the DigestValue", swap(digest, &commented)),
        ("CVE-2024-45409 (ruby-saml)", "two DigestValue", swap(digest, &format!("{digest}{digest}"))),
        ("CVE-2009-0217", "HMACOutputLength", swap("#rsa-sha256\"/>", length)),
        ("Hill, Attacking XML Security, 2007", "RetrievalMethod", swap(key_info, &fetched("RetrievalMethod"))),
        ("CVE-2021-40690 (Santuario)", "KeyInfoReference", swap(key_info, &fetched("KeyInfoReference"))),
    ];
    let others = [
        ("two references", swap(reference, &format!("{reference}{reference}"))),
        ("no reference", swap(reference, "")),
        ("no SignedInfo", swap(signed_info, "")),
        ("no SignatureValue", swap(value, "")),
        ("two SignatureValue", swap(value, &format!("{value}{value}"))),
        ("comment in the value", swap("<ds:SignatureValue>", "<ds:SignatureValue><!---->")),
        ("CDATA in the value", swap("</ds:SignatureValue>", "<![CDATA[AAAA]]></ds:SignatureValue>")),
        ("two KeyInfo", swap(key_info, &format!("{key_info}{key_info}"))),
        ("Object", swap(key_info, &format!("{key_info}<ds:Object><a/></ds:Object>"))),
        ("Manifest", swap(key_info, &format!("{key_info}<ds:Object><ds:Manifest/></ds:Object>"))),
        ("a prefixed Algorithm", swap("<ds:SignatureMethod Algorithm=", prefixed)),
        ("comment in SignedInfo", swap("<ds:SignedInfo>", "<ds:SignedInfo><!-- -->")),
        ("instruction in SignedInfo", swap("<ds:SignedInfo>", "<ds:SignedInfo><?a b?>")),
        ("text in SignedInfo", swap("<ds:SignedInfo>", "<ds:SignedInfo>x")),
        ("two lists of prefixes", listed(&format!("{}{}", list("xs"), list("saml")))),
        ("a list of prefixes with content", listed(&list("xs").replace("/>", ">xs</ec:InclusiveNamespaces>"))),
        ("a list of prefixes in another namespace", listed(&list("xs").replace("exc-c14n#", "exc-c14n#x"))),
        ("more prefixes than the limit", listed(&list(&"p ".repeat(limit::INCLUSIVE_PREFIXES_MAX + 1)))),
        (
            "a list of prefixes for enveloped-signature",
            swap(enveloped, &format!("{open}>{}</ds:Transform>", list("xs"))),
        ),
        ("Type of the Reference", swap("<ds:Reference ", "<ds:Reference Type=\"urn:x\" ")),
    ];
    let mut all = cases(Class::SignatureForm, "", PROFILE, others);
    for (reference, name, xml) in known {
        all.extend(cases(Class::SignatureForm, reference, PROFILE, [(name, xml)]));
    }
    all
}

/// Forged content, with a digest or a signature where another reader would look for it.
fn differentials() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let signature = element(&xml, "ds:Signature").to_owned();
    let forged = xml.replace(ADA, "eve@acme.test");
    let before = |inside: &str| replace(&forged, "<samlp:Status>", &format!("{inside}<samlp:Status>"));
    let extensions = |inside: &str| before(&format!("<samlp:Extensions>{inside}</samlp:Extensions>"));
    let digest = |value: &str| format!("<ds:DigestValue xmlns:ds=\"{DSIG}\">{value}</ds:DigestValue>");
    // SHA-256 of nothing: what a canonicalisation that gives up leaves to be digested.
    let nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let own = element(&signature, "ds:DigestValue").to_owned();
    let void = replace(
        &forged,
        &own,
        &own.replace(own.trim_start_matches("<ds:DigestValue>").trim_end_matches("</ds:DigestValue>"), nothing),
    );
    let void = void.replacen("<samlp:Response ", "<samlp:Response xmlns:void=\"1\" ", 1);
    let foreign = signature.replace(&format!("xmlns:ds=\"{DSIG}\""), "xmlns:ds=\"urn:signature\"");
    let mut all = Vec::new();
    for (class, reference, name, message) in [
        (
            Class::ParserDifferential,
            "CVE-2024-45409 (ruby-saml)",
            "DigestValue in Extensions",
            extensions(&digest("AAAA")),
        ),
        (
            Class::ParserDifferential,
            "CVE-2024-45409 (ruby-saml)",
            "DigestValue in the Status",
            replace(
                &forged,
                "</samlp:Status>",
                &format!("<samlp:StatusDetail>{}</samlp:StatusDetail></samlp:Status>", digest("AAAA")),
            ),
        ),
        (Class::ParserDifferential, "CVE-2025-25292 (ruby-saml)", "signature in two namespaces", before(&foreign)),
        (
            Class::ParserDifferential,
            "The Fragile Lock, 2025",
            "Signature without a prefix",
            before(&format!("<Signature xmlns=\"urn:x\">{}</Signature>", digest("AAAA"))),
        ),
        (Class::Canonicalisation, "The Fragile Lock, 2025", "digest of nothing beside a relative namespace", void),
        (
            Class::Canonicalisation,
            "",
            "namespace of the values redeclared",
            replace(
                &xml,
                "<saml:Subject>",
                "<saml:Subject xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" a=\"\">",
            ),
        ),
        (Class::Canonicalisation, "", "white space added to a value", replace(&xml, ">staff<", ">staff <")),
        (
            Class::Canonicalisation,
            "",
            "default namespace on the Assertion",
            xml.replacen("<saml:Assertion ", "<saml:Assertion xmlns=\"urn:x\" xml:lang=\"en\" ", 1),
        ),
    ] {
        all.extend(cases(class, reference, INVALID, [(name, message)]));
    }
    all
}

/// What has no canonical form at all, and what canonicalisers make of it all the same.
fn formless() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let declared = |element: &str, declaration: &str| {
        replace(&xml, &format!("<{element}>"), &format!("<{element} xmlns:void=\"{declaration}\">"))
    };
    let known = [
        ("relative namespace in what is signed", declared("saml:Subject", "1")),
        ("relative namespace in the SignedInfo", declared("ds:SignedInfo", "../1")),
    ];
    let mut all = cases(Class::Canonicalisation, "The Fragile Lock, 2025", INVALID, known);
    all.extend(cases(
        Class::Canonicalisation,
        "",
        INVALID,
        [("prefix bound to nothing", declared("saml:Subject", ""))],
    ));
    all
}
