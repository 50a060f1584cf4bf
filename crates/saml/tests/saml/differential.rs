//! Our verdict on signatures beside bergshamra's, which shares no code with it but the parser.

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_saml_idp::{SignatureProfile, Signed};

use crate::{
    corpus::corpus,
    oracle,
    support::{EC, RSA, ada, genuine, judge, provider, terms},
};

/// Ways to write a message that a canonical form has to make alike, or must not: what, and where it is written how.
pub(crate) const WAYS: [(&str, &str, &str); 12] = [
    ("a namespace that nothing uses", "<saml:Subject>", "<saml:Subject xmlns:unused=\"urn:unused\">"),
    ("a prefix bound anew", "<saml:Subject>", "<saml:Subject xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">"),
    ("a default namespace", "<saml:Subject>", "<saml:Subject xmlns=\"urn:default\">"),
    ("attributes in another order", "Version=\"2.0\" IssueInstant", "xml:lang=\"en\" Version='2.0'\n\tIssueInstant"),
    ("CDATA", ">Ada<", "><![CDATA[A]]>d&#97;<"),
    ("a comment between elements", "<saml:Subject>", "<!-- c --><saml:Subject>"),
    ("an instruction between elements", "<saml:Subject>", "<?p a?><saml:Subject>"),
    ("references", ">Ada<", ">&#x41;&#100;a &lt;&amp;&gt;&quot;&apos;&#13;<"),
    ("line ends", "<saml:Subject>", "\r\n\t<saml:Subject>\r"),
    ("letters of the world", ">Ada<", ">Ad\u{e9}l\u{1f600}\u{10ffff}<"),
    (
        "a type",
        "<saml:AttributeValue>Ada<",
        "<saml:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">Ada<",
    ),
    ("references in an attribute", "Name=\"groups\"", "Name=\"gr&#9;&#10;&#13;&lt;&quot;'o\""),
];

#[test]
fn the_engines_agree_on_every_forgery_whose_signature_is_computed() {
    let mut compared = 0;
    for case in corpus() {
        let Some(xml) = STANDARD.decode(&case.value).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            continue;
        };
        // What arrives encrypted is verified in another document than the one that was sent.
        let verdict = judge(&xml);
        if xml.contains("EncryptedAssertion") {
            continue;
        }
        oracle::agree(&case.name, &xml, &verdict, &[&RSA]);
        compared += usize::from(oracle::ours(&verdict).is_some());
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn the_engines_agree_on_how_a_message_may_be_written() {
    for (case, old, new) in WAYS {
        for prefixes in [None, Some("xs saml"), Some("#default xsi samlp unknown")] {
            let profile = SignatureProfile { inclusive_prefixes: prefixes.map(str::to_owned), ..RSA.profile() };
            let written = genuine(Signed::Nothing).replacen(old, new, 1);
            assert_ne!(written, genuine(Signed::Nothing), "{case}");
            let before = RSA.sign_element(&written, &terms().assertion_id, &profile).unwrap();
            let both = RSA.sign_element(&before, &terms().response_id, &profile).unwrap();
            for xml in [before, both] {
                let verdict = judge(&xml);
                assert_eq!(oracle::ours(&verdict), Some(true), "{case}, {prefixes:?}: {:?}", verdict.failed_check());
                oracle::agree(case, &xml, &verdict, &[&RSA]);
            }
            // The same written so only after it was signed.
            let plain = RSA.sign_element(&genuine(Signed::Nothing), &terms().assertion_id, &profile).unwrap();
            let after = plain.replacen(old, new, 1);
            oracle::agree(case, &after, &judge(&after), &[&RSA]);
        }
    }
}

#[test]
fn the_engines_agree_on_whose_key_it_is() {
    for key in [&*RSA, &*EC] {
        let xml = provider(key).respond(&ada(), &terms()).unwrap();
        let verdict = judge(&xml);
        oracle::agree("whose", &xml, &verdict, &[&RSA]);
        assert_eq!(oracle::ours(&verdict), Some(key.certificate_der() == RSA.certificate_der()));
    }
}
