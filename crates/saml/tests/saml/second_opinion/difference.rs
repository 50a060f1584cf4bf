use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};

use vestibule_saml::{Assertion, Attribute, Certificate, Fingerprint, Verdict};
use vestibule_second_opinion_protocol::{Answer, Obstacle, Reading};

use super::{answer, program};

/// The certificates of this run's identity providers.
static KNOWN: LazyLock<Mutex<BTreeMap<Fingerprint, Vec<u8>>>> = LazyLock::new(Mutex::default);

/// Remembers certificates, so that the other engine can be asked with those that verified.
pub(crate) fn remember(certificates: &[Certificate]) {
    let mut known = KNOWN.lock().unwrap();
    known.extend(certificates.iter().map(|each| (each.fingerprint(), each.der().to_vec())));
}

fn certificate(fingerprint: &Fingerprint) -> Vec<u8> {
    // Whoever trusts a certificate in a test lets `remember` know.
    KNOWN.lock().unwrap().get(fingerprint).cloned().unwrap()
}

/// What ours has accepted, the other engine verifies and reads alike, or says that it cannot tell, where that is known.
#[track_caller]
pub(crate) fn agrees(verdict: &Verdict) {
    let (Ok(assertion), Some(verified), Some(_)) = (&verdict.outcome, &verdict.verified, program()) else { return };
    let certificates: Vec<Vec<u8>> = verified.signed_by.iter().map(certificate).collect();
    let certificates: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
    match answer(&verified.document, &certificates) {
        Some(Answer::Verified { reading }) => compare(assertion, &reading),
        Some(Answer::CannotProcess { obstacle: Obstacle::Algorithm }) => {
            let has = |name: &str| verified.document.contains(name);
            assert!(has("xmldsig#rsa-sha1") || has("xmldsig#sha1") || has("rsa-MGF1"), "its algorithms are known");
        }
        Some(Answer::CannotProcess { obstacle: Obstacle::Form }) => {
            assert!(assertion.attributes.iter().any(Attribute::has_unreadable), "its reader knows plain values");
        }
        // libxmlsec1 gives up at a key of the wrong kind, and tries no other.
        Some(Answer::CannotProcess { obstacle: Obstacle::Engine }) if certificates.len() > 1 => {}
        other => panic!("ours accepts, the other engine says: {other:?}"),
    }
}

#[track_caller]
fn compare(ours: &Assertion, theirs: &Reading) {
    let name_id = theirs.name_id.as_ref().unwrap();
    assert_eq!((&ours.id, &ours.subject.value), (&theirs.assertion_id, &name_id.value));
    assert_eq!(ours.session_index, theirs.session_index);
    assert_eq!(ours.issue_instant.unix_millis(), theirs.issue_instant);
    assert_eq!(Some(ours.authn_instant.unix_millis()), theirs.authn_instant);
    let meaning =
        |values: &[String]| values.iter().filter(|value| !value.trim().is_empty()).cloned().collect::<Vec<_>>();
    let our: Vec<_> = ours.attributes.iter().map(|each| (&each.name, meaning(&each.values))).collect();
    let their: Vec<_> = theirs.attributes.iter().map(|each| (&each.name, meaning(&each.values))).collect();
    assert_eq!(our, their);
}
