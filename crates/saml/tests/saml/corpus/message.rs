//! What is no message, too much of one, or another one to another parser.

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_saml::{CheckName, Refusal, limit};
use vestibule_saml_idp::Signed;

use super::{Case, Caught, Class, Setting, cases};
use crate::support::{RSA, ada, genuine, provider, replace, signed_after, terms};

const MALFORMED: Caught = (CheckName::MessageXml, Refusal::XmlMalformed);
const DOCTYPE: Caught = (CheckName::MessageXml, Refusal::XmlDoctypeForbidden);

pub(super) fn all() -> Vec<Case> {
    [encodings(), doctypes(), malformed(), other_messages(), bombs(), crowds()].into_iter().flatten().collect()
}

fn repeated(times: usize, part: impl Fn(usize) -> String) -> String {
    (0..times).map(part).collect::<Vec<_>>().concat()
}

/// What is posted is not what a form holds.
fn encodings() -> Vec<Case> {
    let utf16: Vec<u8> = genuine(Signed::Assertion).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let url_alphabet = STANDARD.encode([0xfb, 0xff, 0xfe]).replace('+', "-").replace('/', "_");
    let posted = [
        ("percent signs", "%%%".to_owned()),
        ("wrong padding", "PHNhbWxwOlJlc3BvbnNl=".to_owned()),
        ("padding only", "=".to_owned()),
        ("not ASCII", "PHNh\u{e9}".to_owned()),
        ("the URL alphabet", url_alphabet),
        ("Latin-1", STANDARD.encode(b"<a>\xe9</a>")),
        ("UTF-16 with a mark", STANDARD.encode([vec![0xff, 0xfe], utf16].concat())),
        ("overlong UTF-8", STANDARD.encode(b"<a>\xc0\xbc</a>")),
    ];
    let (check, refusal) = (CheckName::MessageEncoding, Refusal::MessageEncodingInvalid);
    let case = |(name, value): (&str, String)| Case {
        class: Class::Encoding,
        name: name.to_owned(),
        reference: "",
        check,
        refusal,
        value,
        setting: Setting::Usual,
    };
    posted.into_iter().map(case).collect()
}

fn doctypes() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let external = [
        ("external DTD", "<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/evil.dtd\">"),
        ("public DTD", "<!DOCTYPE r PUBLIC \"-//x\" \"http://127.0.0.1:9/evil.dtd\">"),
        ("entity of a file", "<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>"),
        ("parameter entity", "<!DOCTYPE r [<!ENTITY % a SYSTEM \"http://127.0.0.1:9/\"> %a;]>"),
    ]
    .map(|(name, doctype)| (name, format!("{doctype}{xml}")));
    let laughs = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;\">]>";
    let differential = [
        ("empty DTD", "<!DOCTYPE samlp:Response>"),
        ("internal entity", "<!DOCTYPE r [<!ENTITY a \"b\">]>"),
        ("default attribute", "<!DOCTYPE r [<!ATTLIST saml:NameID Format CDATA \"x\">]>"),
        ("default namespace", "<!DOCTYPE r [<!ATTLIST ds:Signature xmlns:ds CDATA \"urn:x\">]>"),
        ("lower case", "<!doctype r>"),
        ("behind the XML declaration", "<?xml version=\"1.0\"?><!DOCTYPE r>"),
        ("behind a comment", "<!-- first --><!DOCTYPE r>"),
    ]
    .map(|(name, doctype)| (format!("DTD: {name}"), format!("{doctype}{xml}")));
    let inside = [("entity declared inside", replace(&xml, "<samlp:Status>", "<!ENTITY a \"b\"><samlp:Status>"))];
    let mut all = cases(Class::ExternalEntity, "CVE-2013-6440", DOCTYPE, external);
    all.extend(cases(Class::Bomb, "CVE-2003-1564", DOCTYPE, [("billion laughs", format!("{laughs}{xml}"))]));
    all.extend(cases(Class::ParserDifferential, "CVE-2025-25291 (ruby-saml)", DOCTYPE, differential));
    all.extend(cases(Class::ExternalEntity, "", DOCTYPE, inside));
    let unknown = [("unknown entity", xml.replacen(">staff<", ">&unknown;<", 1))];
    all.extend(cases(Class::ExternalEntity, "", MALFORMED, unknown));
    all
}

/// Whatever parsers disagree about is not XML here.
fn malformed() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let version = " Version=\"2.0\"";
    let declared = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{xml}");
    let roots = [("a second root", format!("{xml}<a/>")), ("two Responses", format!("{xml}{xml}"))];
    let messages = [
        ("junk behind", format!("{xml}junk")),
        ("junk before", format!("junk{xml}")),
        ("not closed", xml.replace("</samlp:Response>", "")),
        ("closed twice", format!("{xml}</samlp:Response>")),
        ("other end tag", replace(&xml, "</samlp:Status>", "</samlp:Statuz>")),
        ("attribute twice", xml.replacen(version, &format!("{version}{version}"), 1)),
        (
            "expanded name twice",
            xml.replacen("<samlp:Status>", "<samlp:Status xmlns:a=\"urn:a\" xmlns:b=\"urn:a\" a:x=\"1\" b:x=\"2\">", 1),
        ),
        ("prefix without namespace", xml.replacen("<samlp:Status>", "<samlp:Status evil:a=\"\">", 1)),
        ("attribute without quotes", xml.replacen(version, " Version=2.0", 1)),
        ("less-than in an attribute", xml.replacen(version, " Version=\"<\"", 1)),
        ("control character", xml.replacen(">staff<", ">st\u{1}aff<", 1)),
        ("reference to a control character", xml.replacen(">staff<", ">&#0;<", 1)),
        ("comment not closed", format!("{xml}<!--")),
        ("CDATA not closed", xml.replacen(">staff<", "><![CDATA[staff<", 1)),
        ("tag not closed", format!("{xml}<a")),
        ("byte order mark", format!("\u{feff}{xml}")),
        ("declared as UTF-16", declared("UTF-16")),
        ("declared as Latin-1", declared("ISO-8859-1")),
        ("declared as UTF-7", declared("UTF-7")),
        ("nothing", String::new()),
        ("text", "hello".to_owned()),
    ];
    let mut all = cases(Class::ParserDifferential, "", MALFORMED, messages);
    all.extend(cases(Class::ParserDifferential, "CVE-2022-39299 (node-saml)", MALFORMED, roots));
    all
}

fn other_messages() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let messages = [
        ("a page", "<html/>".to_owned()),
        ("no namespace", xml.replace("samlp:Response", "Response")),
        ("another namespace", xml.replace("SAML:2.0:protocol", "SAML:1.1:protocol")),
        ("another message", xml.replace("samlp:Response", "samlp:LogoutResponse")),
        ("a bare assertion", xml.replace("samlp:Response", "saml:Assertion")),
    ];
    let id = format!(" ID=\"{}\"", terms().response_id);
    let long = format!(" ID=\"{}\"", "a".repeat(257));
    let ids = ["", " ID=\"\"", " ID=\"a b\"", " ID=\"xpointer(/)\"", &long]
        .map(|odd| (format!("ID of {} characters: {odd:.20}", odd.len()), replace(&xml, &id, odd)));
    let assertion_id = format!(" ID=\"{}\"", terms().assertion_id);
    let nameless = [("no ID of the Assertion", replace(&xml, &assertion_id, ""))];
    let mut all = cases(Class::Shape, "", (CheckName::ResponseShape, Refusal::NotAResponse), messages);
    all.extend(cases(Class::Reference, "", (CheckName::ResponseShape, Refusal::IdInvalid), ids));
    all.extend(cases(Class::Reference, "", (CheckName::ResponseAssertion, Refusal::IdInvalid), nameless));
    all
}

/// One more than the limit; the module `limits` shows that the limit itself passes.
fn bombs() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let filling = "x".repeat(limit::RESPONSE_BYTES_MAX + 1 - xml.len() - "<!---->".len());
    let large = [("one byte too many", format!("{xml}<!--{filling}-->"))];
    let status = |attributes: &str| xml.replacen("<samlp:Status>", &format!("<samlp:Status {attributes}>"), 1);
    let extended = |inside: &str| {
        xml.replacen("<samlp:Status>", &format!("<samlp:Extensions>{inside}</samlp:Extensions><samlp:Status>"), 1)
    };
    let many = repeated(limit::TAG_ATTRIBUTES_MAX + 1, |at| format!("a{at}=\"\" "));
    let mut tags = vec![
        ("attributes in a tag".to_owned(), status(&many)),
        ("bytes in a tag".to_owned(), status(&format!("a=\"{}\"", ">".repeat(limit::TAG_BYTES_MAX)))),
    ];
    for declaration in ["xmlns:n=\"urn:n\"", "a=\"\" xmlns:n = 'urn:n'", "\n\txmlns:n\n=\n\"urn:n\"", "xmlns=\"urn:n\""]
    {
        let levels = limit::NAMESPACES_IN_SCOPE_MAX / 2;
        let open = repeated(levels, |_| format!("<a xmlns:m=\"urn:m\" {declaration}>"));
        let nested = format!("{open}{}", "</a>".repeat(levels));
        tags.push((format!("namespaces as {declaration:?}"), extended(&nested)));
    }
    let levels = limit::DEPTH_MAX - 1;
    let deep = [("depth", extended(&format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels))))];
    let mut all = cases(Class::Bomb, "", (CheckName::MessageEncoding, Refusal::MessageTooLarge), large);
    all.extend(cases(Class::Bomb, "", (CheckName::MessageXml, Refusal::XmlTagTooLarge), tags));
    all.extend(cases(Class::Bomb, "", (CheckName::MessageXml, Refusal::XmlTooDeep), deep));
    let advised = |inside: &str| {
        let advice = format!("</saml:Conditions><saml:Advice>{inside}</saml:Advice>");
        replace(&xml, "</saml:Conditions>", &advice)
    };
    let room = limit::RESPONSE_BYTES_MAX - xml.len() - 8192;
    let dense = [
        ("elements", "<b/>".repeat(room / 4)),
        ("references", "&lt;".repeat(room / 4)),
        ("attributes", "<b a=\"\"/>".repeat(room / 9)),
        ("comments", "<!---->".repeat(room / 7)),
        ("instructions", "<?a?>".repeat(room / 5)),
        ("sections", "<![CDATA[]]>".repeat(room / 12)),
    ]
    .map(|(name, inside)| (format!("nothing but {name}"), advised(&inside)));
    all.extend(cases(Class::Bomb, "", (CheckName::MessageXml, Refusal::XmlTooDense), dense));
    // The costliest shapes that the limits let through are judged as any other message is.
    let namespaces = repeated(limit::TAG_ATTRIBUTES_MAX, |at| format!(" xmlns:n{at}=\"urn:{at}\""));
    let most = room / limit::MARKUP_BYTES_MIN;
    let filling = |used: usize| "x".repeat(room - used);
    let costly = [
        ("namespaces in scope of many elements", "<n0:b/>".repeat(most)),
        ("many references", "&lt;".repeat(most)),
        ("many attributes", "<n1:b n0:a=\"\"/>".repeat(most / 2)),
    ]
    .map(|(name, inside)| {
        let open = format!("<n0:a{namespaces}>");
        (name.to_owned(), advised(&format!("{open}{inside}{}</n0:a>", filling((open.len() + inside.len()).min(room)))))
    });
    all.extend(cases(Class::Bomb, "", (CheckName::SignatureValue, Refusal::SignatureInvalid), costly));
    all
}

fn crowds() -> Vec<Case> {
    let crowd = (0..limit::ATTRIBUTES_MAX - 2).fold(ada(), |subject, at| subject.with(format!("a{at}"), ["x"]));
    let values = signed_after(Signed::Assertion, |xml| {
        let many = "<saml:AttributeValue>x</saml:AttributeValue>".repeat(limit::ATTRIBUTE_VALUES_MAX - 2);
        replace(&xml, "<saml:AttributeValue>Ada</saml:AttributeValue>", &many)
    });
    let messages =
        [("attributes of a person", provider(&RSA).respond(&crowd, &terms()).unwrap()), ("values of a person", values)];
    cases(Class::Bomb, "", (CheckName::Attributes, Refusal::LimitExceeded), messages)
}
