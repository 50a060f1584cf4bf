//! What was decrypted is a message like any other.

use vestibule_saml::{CheckName, Refusal};
use vestibule_saml_idp::Signed;

use super::{Case, Caught, Class, FAILED, ORACLES, WRAPPING, alone, cases, holding};
use crate::support::{RSA, encryption, genuine, terms};

/// A Response that holds this, signed around it: its content has to be judged all the same.
fn holding_signed(plaintext: &str) -> String {
    RSA.sign_element(&holding(plaintext), &terms().response_id, &RSA.profile()).unwrap()
}

pub(super) fn all() -> Vec<Case> {
    let assertion = alone(Signed::Assertion);
    let bare = assertion.replace(" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "");
    let entity = "<!DOCTYPE saml:Assertion [<!ENTITY eve \"eve@acme.test\">]>";
    let bomb = format!("<!DOCTYPE a [<!ENTITY a \"{0}\"><!ENTITY b \"{1}\">]>", "a".repeat(64), "&a;".repeat(64));
    let deep =
        assertion.replace("<saml:Conditions", &format!("{}{}<saml:Conditions", "<x>".repeat(60), "</x>".repeat(60)));
    let wide = assertion.replace("<saml:Conditions", &format!("<x {}/><saml:Conditions", "y".repeat(9000)));
    let name_id = "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">eve@acme.test</saml:NameID>";
    let other = assertion.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion");
    let encrypted_again = encryption().encrypt("EncryptedAssertion", &assertion).unwrap();
    let unreadable = [
        ("nothing", String::new()),
        ("text", "eve".to_owned()),
        ("a NameID", name_id.to_owned()),
        ("a whole Response", genuine(Signed::Response)),
        ("an Assertion of another namespace", other),
        ("a prefix that is declared outside", bare),
        ("two elements", format!("{assertion}{assertion}")),
        ("an Assertion with a DTD", format!("{entity}{assertion}")),
        ("an Assertion with a bomb", format!("{bomb}{assertion}")),
        ("an Assertion too deep", deep),
        ("an Assertion with too large a tag", wide),
        ("a byte order mark", format!("\u{feff}{assertion}")),
        ("an encrypted assertion", encrypted_again.clone()),
    ];
    let nested =
        assertion.replace("<saml:Conditions", &format!("<saml:Advice>{encrypted_again}</saml:Advice><saml:Conditions"));
    let advice = assertion
        .replace("<saml:Conditions", &format!("<saml:Advice>{}</saml:Advice><saml:Conditions", alone(Signed::Nothing)));
    let two: Caught = (CheckName::ResponseAssertion, Refusal::AssertionNotSingle);
    let id: Caught = (CheckName::ResponseAssertion, Refusal::IdInvalid);
    let same: Caught = (CheckName::ResponseAssertion, Refusal::IdNotUnique);
    let version: Caught = (CheckName::ResponseAssertion, Refusal::NotAResponse);
    let repeated =
        assertion.replace("<saml:Conditions", &format!("<x ID=\"{}\"/><saml:Conditions", terms().assertion_id));
    let mut all = cases(
        Class::Encryption,
        ORACLES,
        FAILED,
        unreadable.map(|(name, xml)| (format!("{name} inside"), holding(&xml))),
    );
    let inside = [("another assertion in Advice", advice), ("an encrypted assertion in Advice", nested)];
    all.extend(cases(Class::Encryption, WRAPPING, two, inside.map(|(name, xml)| (name, holding_signed(&xml)))));
    all.extend(cases(Class::Encryption, WRAPPING, same, [("an ID twice inside", holding_signed(&repeated))]));
    let nameless = alone(Signed::Nothing).replace(&terms().assertion_id, "");
    all.extend(cases(Class::Encryption, "", id, [("an Assertion without ID inside", holding_signed(&nameless))]));
    let old = alone(Signed::Nothing).replace("Version=\"2.0\"", "Version=\"1.1\"");
    all.extend(cases(Class::Encryption, "", version, [("an Assertion of SAML 1.1 inside", holding_signed(&old))]));
    all
}
