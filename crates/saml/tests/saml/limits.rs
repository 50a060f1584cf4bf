//! Each limit itself is still accepted; one more is refused, as the corpus shows.

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
fn a_message_has_a_size() {
    let padding = |bytes: usize| {
        let xml = genuine(Signed::Assertion);
        let comment = "x".repeat(bytes - xml.len() - "<!---->".len());
        format!("{xml}<!--{comment}-->")
    };
    accept(posted(&saml_response_value(&padding(limit::RESPONSE_BYTES_MAX))));
    refuse("given as XML", &judge(&padding(limit::RESPONSE_BYTES_MAX + 1)), Refusal::MessageTooLarge);
    refuse("not even decoded", &posted(&" ".repeat(10 * limit::RESPONSE_BYTES_MAX)), Refusal::MessageTooLarge);
}

#[test]
fn a_tag_and_the_depth_have_limits() {
    let xml = genuine(Signed::Assertion);
    let status = |attributes: &str| xml.replacen("<samlp:Status>", &format!("<samlp:Status {attributes}>"), 1);
    let attributes = |count: usize| repeated(count, |at| format!("a{at}=\"\" "));
    accept(judge(&status(&attributes(limit::TAG_ATTRIBUTES_MAX))));
    let long = |bytes: usize| status(&format!("a=\"{}\"", ">".repeat(bytes)));
    accept(judge(&long(limit::TAG_BYTES_MAX - 64)));
    let deep = |levels: usize| {
        let extensions = format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        xml.replacen("<samlp:Status>", &format!("<samlp:Extensions>{extensions}</samlp:Extensions><samlp:Status>"), 1)
    };
    accept(judge(&deep(limit::DEPTH_MAX - 2)));
    for declaration in ["xmlns:n=\"urn:n\"", "a=\"\" xmlns:n = 'urn:n'", "\n\txmlns:n\n=\n\"urn:n\"", "xmlns=\"urn:n\""]
    {
        // Two of them at each level; the Response itself declares two.
        let levels = (limit::NAMESPACES_IN_SCOPE_MAX - 2) / 2;
        let open = repeated(levels, |_| format!("<a xmlns:m=\"urn:m\" {declaration}>"));
        let inside = format!("{open}{}", "</a>".repeat(levels));
        // One beside the other does not add up.
        let extensions = format!("<samlp:Extensions>{inside}{inside}</samlp:Extensions><samlp:Status>");
        accept(judge(&xml.replacen("<samlp:Status>", &extensions, 1)));
    }
}

#[test]
fn a_small_message_may_be_dense() {
    let xml = genuine(Signed::Assertion);
    let padded = |count: usize| format!("{xml}<!--{}-->", "&".repeat(count));
    let markup = |xml: &str| {
        xml.matches('<').count() - xml.matches("</").count() + xml.matches(['&']).count() + xml.matches("=\"").count()
    };
    let allowed = |xml: &str| limit::MARKUP_FREE + xml.len() / limit::MARKUP_BYTES_MIN;
    let most = (0..limit::RESPONSE_BYTES_MAX)
        .take_while(|count| markup(&padded(*count)) <= allowed(&padded(*count)))
        .last()
        .unwrap();
    assert!(most > 100, "{most}");
    accept(judge(&padded(most)));
    refuse("one more", &judge(&padded(most + 1)), Refusal::XmlTooDense);
}

#[test]
fn attributes_have_limits() {
    let many = |count: usize| (0..count).fold(ada(), |subject, at| subject.with(format!("a{at}"), ["x"]));
    let said = |subject: &Subject| provider(&RSA).respond(subject, &terms()).unwrap();
    accept(judge(&said(&many(limit::ATTRIBUTES_MAX - 3))));
    let value = "<saml:AttributeValue>x</saml:AttributeValue>";
    let values = |count: usize| {
        signed_after(Signed::Assertion, |xml| {
            replace(&xml, "<saml:AttributeValue>Ada</saml:AttributeValue>", &value.repeat(count))
        })
    };
    accept(judge(&values(limit::ATTRIBUTE_VALUES_MAX - 3)));
}

/// As several products write them: each value with the namespaces of its type.
#[test]
fn hundreds_of_groups_may_each_declare_their_namespaces() {
    let value = |at: usize| {
        format!(
            "<saml:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">g{at}</saml:AttributeValue>"
        )
    };
    let xml = signed_after(Signed::Assertion, |xml| {
        replace(&xml, "<saml:AttributeValue>staff</saml:AttributeValue>", &repeated(600, value))
    });
    assert_eq!(accept(judge(&xml)).attributes[2].values.len(), 601);
}
