use vestibule_saml_idp::{Signed, SigningKey};
use vestibule_second_opinion_protocol::{Answer, Reading};

use super::answer;
use crate::support::{ADA, RSA, provider, signed_after, terms};

pub(super) fn ask(document: &str, keys: &[&SigningKey]) -> Answer {
    let certificates: Vec<&[u8]> = keys.iter().map(|key| key.certificate_der()).collect();
    answer(document, &certificates).unwrap()
}

#[track_caller]
pub(super) fn verified(answer: Answer) -> Reading {
    match answer {
        Answer::Verified { reading } => *reading,
        other => panic!("{other:?}"),
    }
}

/// A Response about Ada that says something else before it is signed.
pub(super) fn changed(old: &str, new: &str) -> String {
    signed_after(Signed::Assertion, |xml| {
        assert!(xml.contains(old), "{old} in {xml}");
        xml.replacen(old, new, 1)
    })
}

/// Ada's name in the Subject, and what stands there instead.
pub(super) fn name_id(new: &str) -> String {
    changed(&format!(">{ADA}</saml:NameID>"), &format!(">{new}</saml:NameID>"))
}

pub(super) fn respond(key: &SigningKey, signed: Signed) -> String {
    provider(key).respond(&crate::support::ada(), &terms().signed(signed)).unwrap()
}

/// The attributes of a reading.
pub(super) fn values(subject: &vestibule_saml_idp::Subject) -> Vec<(String, Vec<String>)> {
    let document = provider(&RSA).respond(subject, &terms()).unwrap();
    let reading = verified(ask(&document, &[&RSA]));
    reading.attributes.into_iter().map(|attribute| (attribute.name, attribute.values)).collect()
}
