use vestibule_saml_idp::{Signed, Subject};
use vestibule_second_opinion_protocol::{Answer, Obstacle};

use crate::document::{ACS, IDP, NOW, REQUEST, RSA, SP, ada, ask, changed, respond, terms, verified};

fn values(subject: &Subject) -> Vec<(String, Vec<String>)> {
    let reading = verified(ask(respond(&RSA, subject, &terms()), &[&RSA]));
    reading.attributes.into_iter().map(|attribute| (attribute.name, attribute.values)).collect()
}

#[test]
fn everything_that_is_compared_is_read() {
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        let reading = verified(ask(respond(&RSA, &ada(), &terms().signed(signed)), &[&RSA]));
        assert_eq!((reading.assertion_id, reading.issuer), (terms().assertion_id, IDP.to_owned()));
        assert_eq!(reading.issue_instant, NOW.unix_millis());
        assert_eq!(reading.authn_instant, Some(NOW.unix_millis()));
        let name_id = reading.name_id.unwrap();
        assert_eq!(name_id.value, "a1b2c3-Ada");
        assert!(name_id.format.unwrap().ends_with("persistent"));
        let [confirmation] = reading.confirmations.as_slice() else { panic!("{:?}", reading.confirmations) };
        assert!(confirmation.method.as_deref().unwrap().ends_with("bearer"));
        assert_eq!(confirmation.recipient.as_deref(), Some(ACS));
        assert_eq!(confirmation.in_response_to.as_deref(), Some(REQUEST));
        assert_eq!(reading.audiences, [[SP]]);
        assert_eq!(reading.session_index, Some(terms().session_index));
        assert!(reading.authn_context.unwrap().ends_with("PasswordProtectedTransport"));
        let names: Vec<_> = reading.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        assert_eq!(names, ["email", "groups"]);
        assert_eq!(reading.attributes.last().unwrap().values, ["staff", "admins"]);
    }
}

#[test]
fn values_are_what_was_signed() {
    let odd = [
        "a & b",
        "<none>",
        "\"quoted\" 'too'",
        "a\u{a0}b",
        "\u{1f44b}\u{1f3fd} \u{202e}x",
        "]]>",
        "&amp;",
        "two  blanks",
    ];
    assert_eq!(
        values(&Subject::persistent("x").with("odd", odd)),
        [("odd".to_owned(), odd.map(str::to_owned).to_vec())]
    );
    let groups: Vec<String> = (0..400).map(|at| format!("group {at}")).collect();
    assert_eq!(values(&Subject::persistent("x").with("groups", groups.clone())), [("groups".to_owned(), groups)]);
}

/// What the service allows for when it compares: a value of nothing but white space becomes an empty one.
#[test]
fn only_a_value_of_nothing_but_white_space_is_lost() {
    let read = values(&Subject::persistent("x").with("a", [" b ", "\tc\n", "", " "]));
    let (_, values) = read.first().unwrap();
    assert_eq!(values, &[" b ", "\tc\n", "", ""]);
}

/// Canonical form has no comments: what the reader sees is what was signed, whole.
#[test]
fn a_comment_cuts_nothing_off() {
    let document = changed(Signed::Assertion, ">a1b2c3-Ada<", ">a1b2<!-- -->c3-Ada<");
    assert_eq!(verified(ask(document, &[&RSA])).name_id.unwrap().value, "a1b2c3-Ada");
    let document = changed(Signed::Assertion, ">a1b2c3-Ada<", "><![CDATA[a1b2]]>c3-Ada<");
    assert_eq!(verified(ask(document, &[&RSA])).name_id.unwrap().value, "a1b2c3-Ada");
}

/// An eduPersonTargetedID: the reader has no word for it, and says so rather than read something else.
#[test]
fn a_value_that_is_an_element_is_beyond_the_reader() {
    let element = ">ada@acme.test<saml:NameID>x</saml:NameID><";
    let document = changed(Signed::Assertion, ">ada@acme.test<", element);
    assert_eq!(ask(document, &[&RSA]), Answer::CannotProcess { obstacle: Obstacle::Form });
}

/// The reader knows elements by their local names alone; the service compares, and refuses what differs.
#[test]
fn a_foreign_element_with_a_known_name_is_no_silent_change() {
    let document =
        changed(Signed::Assertion, "<saml:Subject>", "<saml:Subject><x:NameID xmlns:x=\"urn:x\">eve</x:NameID>");
    match ask(document, &[&RSA]) {
        Answer::Verified { reading } => {
            assert_ne!(reading.name_id.map(|name_id| name_id.value).as_deref(), Some("eve"));
        }
        other => assert_eq!(other, Answer::CannotProcess { obstacle: Obstacle::Form }),
    }
}
