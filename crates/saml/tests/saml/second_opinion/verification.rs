use vestibule_saml_idp::{ResponseTerms, SignatureAlgorithm, SignatureProfile, Signed};
use vestibule_second_opinion_protocol::{Answer, Obstacle};

use super::{
    answer,
    document::{ask, respond, verified},
    skipped,
};
use crate::support::{ADA, EC, RSA, STRANGER, ada, provider, terms};

#[test]
fn what_is_signed_is_verified_and_only_with_its_key() {
    if skipped("what_is_signed_is_verified_and_only_with_its_key") {
        return;
    }
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        for (key, other) in [(&*RSA, &*EC), (&*EC, &*RSA)] {
            let document = respond(key, signed);
            assert_eq!(verified(ask(&document, &[key])).name_id.unwrap().value, ADA, "{signed:?}");
            assert!(!matches!(ask(&document, &[other]), Answer::Verified { .. }));
        }
        assert_eq!(ask(&respond(&RSA, signed), &[&STRANGER]), Answer::Rejected);
    }
}

#[test]
fn every_algorithm_of_its_own_list() {
    use SignatureAlgorithm::{EcdsaSha256, RsaSha256, RsaSha384, RsaSha512};
    if skipped("every_algorithm_of_its_own_list") {
        return;
    }
    for (algorithm, key) in [(RsaSha256, &*RSA), (RsaSha384, &*RSA), (RsaSha512, &*RSA), (EcdsaSha256, &*EC)] {
        let terms = ResponseTerms { signature: Some(SignatureProfile::new(algorithm)), ..terms() };
        verified(ask(&provider(key).respond(&ada(), &terms).unwrap(), &[key]));
    }
}

#[test]
fn what_it_cannot_process_it_says() {
    if skipped("what_it_cannot_process_it_says") {
        return;
    }
    let document = respond(&RSA, Signed::Assertion);
    for old in ["xmldsig-more#rsa-sha256", "xmlenc#sha256"] {
        for new in ["xmldsig-more#rsa-sha224", "xmldsig#rsa-sha1", "2007/05/xmldsig-more#sha256-rsa-MGF1", ""] {
            let changed = document.replacen(old, new, 1);
            assert_eq!(ask(&changed, &[&RSA]), Answer::CannotProcess { obstacle: Obstacle::Algorithm }, "{new}");
        }
    }
    assert_eq!(ask(&document, &[]), Answer::CannotProcess { obstacle: Obstacle::Certificate });
    let engine = Some(Answer::CannotProcess { obstacle: Obstacle::Engine });
    assert_eq!(answer(&document, &[b"no certificate"]), engine);
}

#[test]
fn what_was_changed_or_never_signed_is_not_verified() {
    if skipped("what_was_changed_or_never_signed_is_not_verified") {
        return;
    }
    let changed = respond(&RSA, Signed::Assertion).replace("admins", "owners");
    for forged in [changed, respond(&RSA, Signed::Nothing)] {
        assert_eq!(ask(&forged, &[&RSA]), Answer::Rejected);
    }
    for forged in ["", "<a/>", "\u{0}", "not xml", "<a xmlns='urn:oasis:names:tc:SAML:2.0:assertion'>"] {
        assert!(!matches!(ask(forged, &[&RSA]), Answer::Verified { .. }), "{forged}");
    }
}

/// Two signatures by two keys, as during a change of keys.
#[test]
fn two_signatures_by_two_keys() {
    if skipped("two_signatures_by_two_keys") {
        return;
    }
    let inner = respond(&RSA, Signed::Assertion);
    let both = STRANGER.sign_element(&inner, &terms().response_id, &STRANGER.profile()).unwrap();
    for keys in [[&*RSA, &*STRANGER], [&*STRANGER, &*RSA]] {
        verified(ask(&both, &keys));
    }
    assert_eq!(ask(&both, &[&RSA]), Answer::Rejected);
    assert_eq!(ask(&both, &[&STRANGER]), Answer::Rejected);
}
