use vestibule_saml_idp::{ResponseTerms, SignatureAlgorithm, SignatureProfile, Signed};
use vestibule_second_opinion::proven;
use vestibule_second_opinion_protocol::{Answer, Obstacle};

use crate::document::{EC, RSA, ada, ask, key, question, respond, terms, verified};

#[test]
fn the_engine_proves_itself() {
    assert!(proven());
}

#[test]
fn what_is_signed_is_verified_and_only_with_its_key() {
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        for (key, other) in [(&*RSA, &*EC), (&*EC, &*RSA)] {
            let document = respond(key, &ada(), &terms().signed(signed));
            let reading = verified(ask(document.clone(), &[key]));
            assert_eq!(reading.name_id.unwrap().value, "a1b2c3-Ada", "{signed:?}");
            assert!(!matches!(ask(document.clone(), &[other]), Answer::Verified { .. }));
            let stranger = crate::document::key(key.key_type());
            assert_eq!(ask(document, &[&stranger]), Answer::Rejected);
        }
    }
}

#[test]
fn every_algorithm_that_the_first_engine_takes() {
    use SignatureAlgorithm::{EcdsaSha256, RsaSha256, RsaSha384, RsaSha512};
    for (algorithm, key) in [(RsaSha256, &*RSA), (RsaSha384, &*RSA), (RsaSha512, &*RSA), (EcdsaSha256, &*EC)] {
        let terms = ResponseTerms { signature: Some(SignatureProfile::new(algorithm)), ..terms() };
        verified(ask(respond(key, &ada(), &terms), &[key]));
    }
}

#[test]
fn what_it_cannot_process_it_says() {
    let document = respond(&RSA, &ada(), &terms());
    for old in ["xmldsig-more#rsa-sha256", "xmlenc#sha256"] {
        for new in ["xmldsig-more#rsa-sha224", "xmldsig#rsa-sha1", "2007/05/xmldsig-more#sha256-rsa-MGF1", ""] {
            let changed = document.replacen(old, new, 1);
            assert_eq!(ask(changed, &[&RSA]), Answer::CannotProcess { obstacle: Obstacle::Algorithm }, "{new}");
        }
    }
    let certificate = Answer::CannotProcess { obstacle: Obstacle::Certificate };
    assert_eq!(ask(document.clone(), &[]), certificate);
    let mut broken = question(document, &[&RSA]);
    broken.certificates = vec!["%".to_owned()];
    assert_eq!(vestibule_second_opinion::opinion(&broken), certificate);
    broken.certificates = vec!["AAAA".to_owned()];
    let engine = Answer::CannotProcess { obstacle: Obstacle::Engine };
    assert_eq!(vestibule_second_opinion::opinion(&broken), engine);
}

#[test]
fn what_was_changed_or_never_signed_is_not_verified() {
    let document = respond(&RSA, &ada(), &terms());
    let unsigned = respond(&RSA, &ada(), &terms().signed(Signed::Nothing));
    for forged in [document.replace("admins", "owners"), unsigned] {
        assert_eq!(ask(forged, &[&RSA]), Answer::Rejected);
    }
    for forged in ["", "<a/>", "\u{0}", "not xml", "<a xmlns='urn:oasis:names:tc:SAML:2.0:assertion'>"] {
        assert!(!matches!(ask(forged, &[&RSA]), Answer::Verified { .. }), "{forged}");
    }
}

/// Two signatures by two keys, as during a change of keys.
#[test]
fn two_signatures_by_two_keys() {
    let second = key(RSA.key_type());
    let terms = terms();
    let inner = respond(&RSA, &ada(), &terms);
    let both = second.sign_element(&inner, &terms.response_id, &second.profile()).unwrap();
    for keys in [[&*RSA, &second], [&second, &RSA]] {
        verified(ask(both.clone(), &keys));
    }
    assert_eq!(ask(both.clone(), &[&RSA]), Answer::Rejected);
    assert_eq!(ask(both, &[&second]), Answer::Rejected);
}
