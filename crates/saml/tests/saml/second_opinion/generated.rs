use vestibule_kernel::{IdSource, SeededIds};
use vestibule_saml::Refusal;
use vestibule_saml_idp::Signed;
use vestibule_second_opinion_protocol::Answer;

use super::{agrees, answer, skipped};
use crate::support::{RSA, judge, signed_after};

/// How many documents are written.
const DOCUMENTS: u64 = 250;

/// One way to write the same, or something else, before it is signed.
type Style = fn(&str, &mut Choice<'_>) -> String;

/// What is drawn.
struct Choice<'i> {
    ids: &'i dyn IdSource,
}

impl Choice<'_> {
    fn below(&mut self, count: usize) -> usize {
        usize::from(u16::from_le_bytes(self.ids.bytes::<2>())) % count
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts.get(self.below(texts.len())).unwrap()
    }
}

const STYLES: [Style; 8] = [
    between_elements,
    in_values,
    namespaces,
    prefixes,
    |xml, _| xml.replace("<saml:Subject>", "<saml:Subject\n   >"),
    |xml, _| xml.replace("Method=\"", "Method\t=\n\""),
    |xml, choice| {
        xml.replace(" Format=\"", &format!(" x:y=\"{}\" xmlns:x=\"urn:x\" Format=\"", choice.of(&["1", "&lt;", "a'b"])))
    },
    |xml, _| xml.replace("</saml:AttributeStatement>", "<?pi between?></saml:AttributeStatement>"),
];

/// White space and comments where they mean nothing.
fn between_elements(xml: &str, choice: &mut Choice<'_>) -> String {
    let gap = choice.of(&["\n", "\n\t", "\r\n  ", "<!-- -->", "\n<!-- a > b & c -->\n"]);
    xml.replace("><saml:Attribute ", &format!(">{gap}<saml:Attribute "))
        .replace("><saml:Conditions", &format!(">{gap}<saml:Conditions"))
}

/// Values that have to be escaped, folded or kept.
fn in_values(xml: &str, choice: &mut Choice<'_>) -> String {
    let value = choice.of(&[
        "a &amp; b",
        "&#x1F44B;\u{1f3fd}",
        "\u{a0}x\u{2028}",
        "<![CDATA[<&>]]>",
        "]]&gt;",
        "a\r\nb",
        "&#13;&#10;",
        "'\"",
        " x ",
        "\tx",
    ]);
    xml.replacen(">staff<", &format!(">{value}<"), 1)
}

/// Declarations that nobody uses, that are repeated, or that stand far from where they are used.
fn namespaces(xml: &str, choice: &mut Choice<'_>) -> String {
    let declared = choice.of(&[
        "xmlns:unused=\"urn:u\"",
        "xmlns=\"urn:default\"",
        "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
        "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"",
        "xmlns:xs=\"urn:a\" xmlns:b=\"urn:a\"",
    ]);
    let at = choice.of(&["<saml:Subject", "<saml:AuthnStatement"]);
    xml.replacen(at, &format!("{at} {declared}"), 1)
}

/// The same namespace under another prefix, or under none.
fn prefixes(xml: &str, choice: &mut Choice<'_>) -> String {
    let (start, end) = (xml.find("<saml:AttributeStatement").unwrap(), xml.find("</saml:AttributeStatement>").unwrap());
    let (inside, end) = (&xml[start..end], end + "</saml:AttributeStatement>".len());
    let prefix = choice.of(&["a:", "saml2:", ""]);
    let renamed = format!("{inside}</saml:AttributeStatement>")
        .replace("<saml:", &format!("<{prefix}"))
        .replace("</saml:", &format!("</{prefix}"));
    let declared = format!("xmlns{}{}", if prefix.is_empty() { "" } else { ":" }, prefix.trim_end_matches(':'));
    let head = format!("<{prefix}AttributeStatement");
    let renamed = renamed.replacen(&head, &format!("{head} {declared}=\"urn:oasis:names:tc:SAML:2.0:assertion\""), 1);
    format!("{}{renamed}{}", &xml[..start], &xml[end..])
}

/// However a document is written: what ours accepts, the other engine verifies and reads alike; and neither verifies a
/// signature that the other does not.
#[test]
fn however_it_is_written_the_engines_agree_about_the_signature() {
    if skipped("however_it_is_written_the_engines_agree_about_the_signature") {
        return;
    }
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..DOCUMENTS {
        let ids = SeededIds::new(seed);
        let mut choice = Choice { ids: &ids };
        let signed = [Signed::Assertion, Signed::Response][choice.below(2)];
        let document = signed_after(signed, |mut xml| {
            // Neighbours in the list, so that none is applied twice.
            let (first, count) = (choice.below(STYLES.len()), 1 + choice.below(3));
            for style in STYLES.iter().cycle().skip(first).take(count) {
                xml = style(&xml, &mut choice);
            }
            xml
        });
        // Some are changed after they were signed.
        let document = if choice.below(8) == 0 { document.replacen(">admins<", ">owners<", 1) } else { document };
        let verdict = judge(&document);
        match &verdict.outcome {
            Ok(_) => {
                accepted += 1;
                agrees(&verdict);
            }
            Err(refusal) => {
                refused += 1;
                let theirs = answer(&document, &[RSA.certificate_der()]).unwrap();
                // What ours refuses for its form, the other one may take: then the signature was not the reason.
                assert_eq!(
                    *refusal == Refusal::SignatureInvalid,
                    theirs == Answer::Rejected,
                    "{seed}: {refusal} {document}"
                );
            }
        }
    }
    assert!(accepted > 100 && refused > 10, "{accepted} accepted, {refused} refused");
}
