use vestibule_saml_idp::{Signed, Subject};
use vestibule_second_opinion_protocol::{Answer, Obstacle};

use super::{
    document::{ask, changed, name_id, respond, values, verified},
    skipped,
};
use crate::support::{ACS, ADA, IDP, NOW, REQUEST, RSA, SP, ada, provider, terms};

#[test]
fn everything_that_is_compared_is_read() {
    if skipped("everything_that_is_compared_is_read") {
        return;
    }
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        let reading = verified(ask(&respond(&RSA, signed), &[&RSA]));
        assert_eq!((reading.assertion_id, reading.issuer), (terms().assertion_id, IDP.to_owned()));
        assert_eq!(reading.issue_instant, NOW.unix_millis());
        assert_eq!(reading.authn_instant, Some(NOW.unix_millis()));
        let name_id = reading.name_id.unwrap();
        assert_eq!(name_id.value, ADA);
        assert!(name_id.format.unwrap().ends_with("emailAddress"));
        let [confirmation] = reading.confirmations.as_slice() else { panic!("{:?}", reading.confirmations) };
        assert!(confirmation.method.as_deref().unwrap().ends_with("bearer"));
        assert_eq!(confirmation.recipient.as_deref(), Some(ACS));
        assert_eq!(confirmation.in_response_to.as_deref(), Some(REQUEST));
        assert_eq!(reading.audiences, [[SP]]);
        assert_eq!(reading.session_index, Some(terms().session_index));
        assert!(reading.authn_context.unwrap().ends_with("PasswordProtectedTransport"));
        let names: Vec<_> = reading.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        assert_eq!(names, ["email", "given_name", "groups"]);
        assert_eq!(reading.attributes.last().unwrap().values, ["staff", "admins"]);
    }
}

#[test]
fn values_are_what_was_signed() {
    if skipped("values_are_what_was_signed") {
        return;
    }
    let odd = [
        "a & b",
        "<none>",
        "\"quoted\" 'too'",
        "a\u{a0}b",
        "\u{1f44b}\u{1f3fd} \u{202e}x",
        "]]>",
        "&amp;",
        " two  blanks ",
    ];
    let read = values(&Subject::persistent("x").with("odd", odd));
    assert_eq!(read, [("odd".to_owned(), odd.map(str::to_owned).to_vec())]);
    let groups: Vec<String> = (0..400).map(|at| format!("group {at}")).collect();
    assert_eq!(values(&Subject::persistent("x").with("groups", groups.clone())), [("groups".to_owned(), groups)]);
}

/// What the service allows for when it compares: a value of nothing but white space becomes an empty one.
#[test]
fn only_a_value_of_nothing_but_white_space_is_lost() {
    if skipped("only_a_value_of_nothing_but_white_space_is_lost") {
        return;
    }
    let read = values(&Subject::persistent("x").with("a", [" b ", "\tc\n", "", " "]));
    assert_eq!(read, [("a".to_owned(), [" b ", "\tc\n", "", ""].map(str::to_owned).to_vec())]);
}

/// Canonical form has no comments: what the reader sees is what was signed, whole. Ours refuses such documents.
#[test]
fn a_comment_cuts_nothing_off() {
    if skipped("a_comment_cuts_nothing_off") {
        return;
    }
    for written in ["ada@<!-- -->acme.test", "<![CDATA[ada@]]>acme.test", "&#97;da@acme.test"] {
        assert_eq!(verified(ask(&name_id(written), &[&RSA])).name_id.unwrap().value, ADA, "{written}");
    }
}

/// An eduPersonTargetedID: the reader has no word for it, and says so rather than read something else.
#[test]
fn a_value_that_is_an_element_is_beyond_the_reader() {
    if skipped("a_value_that_is_an_element_is_beyond_the_reader") {
        return;
    }
    let document = changed(">staff</saml:AttributeValue>", "><saml:NameID>x</saml:NameID></saml:AttributeValue>");
    assert_eq!(ask(&document, &[&RSA]), Answer::CannotProcess { obstacle: Obstacle::Form });
}

/// The reader knows elements by their local names alone; the service compares, and refuses what differs.
#[test]
fn a_foreign_element_with_a_known_name_is_no_silent_change() {
    if skipped("a_foreign_element_with_a_known_name_is_no_silent_change") {
        return;
    }
    let document = changed("<saml:Subject>", "<saml:Subject><x:NameID xmlns:x=\"urn:x\">eve</x:NameID>");
    assert_eq!(ask(&document, &[&RSA]), Answer::CannotProcess { obstacle: Obstacle::Form });
}

/// The largest Response that the service hands over fits, whatever it consists of.
#[test]
fn the_largest_document_fits() {
    if skipped("the_largest_document_fits") {
        return;
    }
    // Each of these takes two bytes in a question and in an answer.
    let long = "\\".repeat(120 * 1024);
    let document = provider(&RSA).respond(&ada().with("long", [long]), &terms()).unwrap();
    verified(ask(&document, &[&RSA]));
}
