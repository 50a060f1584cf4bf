//! Whoever changes a message gets the same identity or none.

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use vestibule_saml::Assertion;
use vestibule_saml_idp::Signed;

use crate::support::{accept, genuine, judge};

fn original(signed: Signed) -> (String, Assertion) {
    let xml = genuine(signed);
    let assertion = accept(judge(&xml));
    (xml, assertion)
}

/// What a changed message is accepted as, if it is.
fn accepted(bytes: Vec<u8>) -> Option<Assertion> {
    String::from_utf8(bytes).ok().and_then(|xml| judge(&xml).outcome.ok())
}

#[test]
fn one_changed_bit_anywhere_never_makes_another_identity() {
    let (xml, genuine) = original(Signed::Assertion);
    let mut survived = 0;
    for at in 0..xml.len() {
        let mut bytes = xml.clone().into_bytes();
        bytes[at] ^= 1;
        if let Some(assertion) = accepted(bytes) {
            assert_eq!(assertion, genuine, "byte {at}");
            survived += 1;
        }
    }
    // Harmless places are few: letters of the unsigned shell's IDs, of KeyInfo, of the like.
    assert!(survived > 0 && survived < xml.len() / 2, "{survived} of {}", xml.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_byte_never_makes_another_identity(at in any::<proptest::sample::Index>(), byte in any::<u8>(), which in 0..3_usize) {
        let (xml, genuine) = original([Signed::Assertion, Signed::Response, Signed::Both][which]);
        let mut bytes = xml.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(assertion) = accepted(bytes) {
            prop_assert_eq!(assertion, genuine);
        }
    }

    #[test]
    fn markup_put_anywhere_never_makes_another_identity(
        at in any::<proptest::sample::Index>(),
        markup in proptest::sample::select(vec![
            "<!-- -->", "<?a b?>", "<![CDATA[]]>", "<![CDATA[x]]>", " ", "\n", "\t", "<a/>", "&amp;", "x",
            "<saml:Assertion ID=\"e\"/>", "<saml:NameID>eve</saml:NameID>", " xmlns=\"urn:e\"", " xmlns:saml=\"urn:e\"",
        ]),
    ) {
        let (xml, genuine) = original(Signed::Assertion);
        let at = at.index(xml.len());
        let odd = format!("{}{markup}{}", &xml[..at], &xml[at..]);
        if let Ok(assertion) = judge(&odd).outcome {
            prop_assert_eq!(assertion, genuine);
        }
    }

    #[test]
    fn a_removed_stretch_never_makes_another_identity(from in any::<proptest::sample::Index>(), length in 1..600_usize) {
        let (xml, genuine) = original(Signed::Assertion);
        let from = from.index(xml.len());
        let to = (from + length).min(xml.len());
        let odd = format!("{}{}", &xml[..from], &xml[to..]);
        if let Ok(assertion) = judge(&odd).outcome {
            prop_assert_eq!(assertion, genuine);
        }
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text in "\\PC{0,200}", tail in "[<>/!?\\[\\]\"'=a-z:&; -]{0,200}") {
        let verdict = judge(&format!("{text}{tail}"));
        prop_assert_eq!(verdict.outcome.is_err(), true);
        prop_assert_eq!(vestibule_saml::validate(&tail, &crate::support::expectation()).outcome.is_err(), true);
    }
}
