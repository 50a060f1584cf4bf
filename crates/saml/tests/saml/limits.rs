//! What is too large, too deep, or not XML never reaches a reader.

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_saml::{Refusal, Verdict, limit, validate};
use vestibule_saml_idp::{Signed, Subject, saml_response_value};

use crate::support::{RSA, accept, ada, expectation, genuine, judge, provider, refuse, replace, signed_after, terms};

fn repeated(times: usize, part: impl Fn(usize) -> String) -> String {
    (0..times).map(part).collect::<Vec<_>>().concat()
}

fn posted(value: &str) -> Verdict {
    validate(value, &expectation())
}

#[test]
fn what_is_not_base64_or_utf8_is_refused() {
    for value in ["", "%%%", "PHNhbWxwOlJlc3BvbnNl=", "=", "PHNh\u{e9}"] {
        let refusal = if value.is_empty() { Refusal::XmlMalformed } else { Refusal::MessageEncodingInvalid };
        refuse(value, &posted(value), refusal);
    }
    let url_alphabet = STANDARD.encode([0xfb, 0xff, 0xfe]).replace('+', "-").replace('/', "_");
    refuse("URL alphabet", &posted(&url_alphabet), Refusal::MessageEncodingInvalid);
    refuse("Latin-1", &posted(&STANDARD.encode(b"<a>\xe9</a>")), Refusal::MessageEncodingInvalid);
    let utf16: Vec<u8> = genuine(Signed::Assertion).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [vec![0xff, 0xfe], utf16].concat();
    refuse("UTF-16", &posted(&STANDARD.encode(with_mark)), Refusal::MessageEncodingInvalid);
}

#[test]
fn a_message_has_a_size() {
    let padding = |bytes: usize| {
        let xml = genuine(Signed::Assertion);
        let comment = "x".repeat(bytes - xml.len() - "<!---->".len());
        format!("{xml}<!--{comment}-->")
    };
    accept(posted(&saml_response_value(&padding(limit::RESPONSE_BYTES_MAX))));
    refuse("decoded", &posted(&saml_response_value(&padding(limit::RESPONSE_BYTES_MAX + 1))), Refusal::MessageTooLarge);
    refuse("given as XML", &judge(&padding(limit::RESPONSE_BYTES_MAX + 1)), Refusal::MessageTooLarge);
    refuse("not even decoded", &posted(&" ".repeat(10 * limit::RESPONSE_BYTES_MAX)), Refusal::MessageTooLarge);
}

#[test]
fn document_type_declarations_are_refused_in_every_form() {
    let xml = genuine(Signed::Assertion);
    for doctype in [
        "<!DOCTYPE samlp:Response>",
        "<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/evil.dtd\">",
        "<!DOCTYPE r PUBLIC \"-//x\" \"http://127.0.0.1:9/evil.dtd\">",
        "<!DOCTYPE r [<!ENTITY a \"b\">]>",
        "<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>",
        "<!DOCTYPE r [<!ENTITY % a SYSTEM \"http://127.0.0.1:9/\"> %a;]>",
        "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>",
        "<!DOCTYPE r [<!ATTLIST saml:NameID Format CDATA \"x\">]>",
        "<!doctype r>",
        "<?xml version=\"1.0\"?><!DOCTYPE r>",
        "<!-- first --><!DOCTYPE r>",
    ] {
        refuse(doctype, &judge(&format!("{doctype}{xml}")), Refusal::XmlDoctypeForbidden);
    }
    let inside = replace(&xml, "<samlp:Status>", "<!ENTITY a \"b\"><samlp:Status>");
    refuse("inside", &judge(&inside), Refusal::XmlDoctypeForbidden);
    let entity = xml.replacen(">staff<", ">&unknown;<", 1);
    refuse("unknown entity", &judge(&entity), Refusal::XmlMalformed);
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let xml = genuine(Signed::Assertion);
    let cases = [
        ("junk behind", format!("{xml}junk")),
        ("junk before", format!("junk{xml}")),
        ("a second root", format!("{xml}<a/>")),
        ("not closed", xml.replace("</samlp:Response>", "")),
        ("closed twice", format!("{xml}</samlp:Response>")),
        ("other end tag", replace(&xml, "</samlp:Status>", "</samlp:Statuz>")),
        ("attribute twice", xml.replacen(" Version=\"2.0\"", " Version=\"2.0\" Version=\"2.0\"", 1)),
        (
            "expanded name twice",
            xml.replacen("<samlp:Status>", "<samlp:Status xmlns:a=\"urn:a\" xmlns:b=\"urn:a\" a:x=\"1\" b:x=\"2\">", 1),
        ),
        ("prefix without namespace", xml.replacen("<samlp:Status>", "<samlp:Status evil:a=\"\">", 1)),
        ("attribute without quotes", xml.replacen(" Version=\"2.0\"", " Version=2.0", 1)),
        ("less-than in an attribute", xml.replacen(" Version=\"2.0\"", " Version=\"<\"", 1)),
        ("control character", xml.replacen(">staff<", ">st\u{1}aff<", 1)),
        ("reference to a control character", xml.replacen(">staff<", ">&#0;<", 1)),
        ("comment not closed", format!("{xml}<!--")),
        ("CDATA not closed", xml.replacen(">staff<", "><![CDATA[staff<", 1)),
        ("tag not closed", format!("{xml}<a")),
        ("byte order mark", format!("\u{feff}{xml}")),
        ("another encoding", format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{xml}")),
        ("Latin-1", format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{xml}")),
        ("nothing", String::new()),
        ("text", "hello".to_owned()),
    ];
    for (case, odd) in cases {
        refuse(case, &judge(&odd), Refusal::XmlMalformed);
    }
}

#[test]
fn another_message_is_no_response() {
    let xml = genuine(Signed::Assertion);
    for (case, odd) in [
        ("a page", "<html/>".to_owned()),
        ("no namespace", xml.replace("samlp:Response", "Response")),
        ("another namespace", xml.replace("SAML:2.0:protocol", "SAML:1.1:protocol")),
        ("a request", xml.replace("samlp:Response", "samlp:LogoutResponse")),
        ("a bare assertion", xml.replace("samlp:Response", "saml:Assertion")),
    ] {
        refuse(case, &judge(&odd), Refusal::NotAResponse);
    }
    let id = format!(" ID=\"{}\"", terms().response_id);
    for odd in ["", " ID=\"\"", " ID=\"a b\"", " ID=\"xpointer(/)\"", &format!(" ID=\"{}\"", "a".repeat(257))] {
        refuse(odd, &judge(&replace(&xml, &id, odd)), Refusal::IdInvalid);
    }
}

#[test]
fn a_tag_and_the_depth_have_limits() {
    let xml = genuine(Signed::Assertion);
    let status = |attributes: &str| xml.replacen("<samlp:Status>", &format!("<samlp:Status {attributes}>"), 1);
    let attributes = |count: usize| repeated(count, |at| format!("a{at}=\"\" "));
    accept(judge(&status(&attributes(limit::TAG_ATTRIBUTES_MAX))));
    refuse("attributes", &judge(&status(&attributes(limit::TAG_ATTRIBUTES_MAX + 1))), Refusal::XmlTagTooLarge);
    let long = |bytes: usize| status(&format!("a=\"{}\"", ">".repeat(bytes)));
    accept(judge(&long(limit::TAG_BYTES_MAX - 64)));
    refuse("bytes", &judge(&long(limit::TAG_BYTES_MAX)), Refusal::XmlTagTooLarge);
    let deep = |levels: usize| {
        let extensions = format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        xml.replacen("<samlp:Status>", &format!("<samlp:Extensions>{extensions}</samlp:Extensions><samlp:Status>"), 1)
    };
    accept(judge(&deep(limit::DEPTH_MAX - 2)));
    refuse("depth", &judge(&deep(limit::DEPTH_MAX - 1)), Refusal::XmlTooDeep);
    for declaration in ["xmlns:n=\"urn:n\"", "a=\"\" xmlns:n = 'urn:n'", "\n\txmlns:n\n=\n\"urn:n\"", "xmlns=\"urn:n\""]
    {
        let namespaces = |count| repeated(count, |_| format!("<a {declaration}/>"));
        let extended = |inside: &str| {
            xml.replacen("<samlp:Status>", &format!("<samlp:Extensions>{inside}</samlp:Extensions><samlp:Status>"), 1)
        };
        accept(judge(&extended(&namespaces(limit::RESPONSE_NAMESPACES_MAX - 3))));
        refuse(declaration, &judge(&extended(&namespaces(limit::RESPONSE_NAMESPACES_MAX))), Refusal::XmlTagTooLarge);
    }
}

#[test]
fn attributes_have_limits() {
    let many = |count: usize| (0..count).fold(ada(), |subject, at| subject.with(format!("a{at}"), ["x"]));
    let said = |subject: &Subject| provider(&RSA).respond(subject, &terms()).unwrap();
    accept(judge(&said(&many(limit::ATTRIBUTES_MAX - 3))));
    refuse("attributes", &judge(&said(&many(limit::ATTRIBUTES_MAX - 2))), Refusal::LimitExceeded);
    let value = "<saml:AttributeValue/>";
    let values = |count: usize| {
        signed_after(Signed::Assertion, |xml| {
            replace(&xml, "<saml:AttributeValue>Ada</saml:AttributeValue>", &value.repeat(count))
        })
    };
    accept(judge(&values(limit::ATTRIBUTE_VALUES_MAX - 3)));
    refuse("values", &judge(&values(limit::ATTRIBUTE_VALUES_MAX - 2)), Refusal::LimitExceeded);
    let name = format!("Name=\"{}\"", "n".repeat(1025));
    let long = signed_after(Signed::Assertion, |xml| replace(&xml, "Name=\"given_name\"", &name));
    refuse("name", &judge(&long), Refusal::LimitExceeded);
}

/// The costliest shape that the limits let through still ends with a verdict, and soon; without them it takes
/// minutes.
#[test]
fn the_costliest_message_is_judged() {
    let xml = genuine(Signed::Assertion);
    let namespaces = repeated(60, |at| format!(" xmlns:n{at}=\"urn:{at}\""));
    let open = repeated(8, |at| format!("<a{}>", namespaces.replace(":n", &format!(":m{at}x"))));
    let fill = limit::RESPONSE_BYTES_MAX - xml.len() - open.len() - 4096;
    let inside = format!("{open}{}{}", "<b/>".repeat(fill / 4), "</a>".repeat(8));
    let heavy = replace(&xml, "</saml:Conditions>", &format!("</saml:Conditions><saml:Advice>{inside}</saml:Advice>"));
    refuse("namespaces in scope of many elements", &judge(&heavy), Refusal::SignatureInvalid);
}
