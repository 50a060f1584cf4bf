//! What we say about the shared set.

use std::collections::HashSet;

use vestibule_cognito_verifier::{Attempt, VerifyError};

use crate::{
    issuer::{now, verifier},
    shared::cases,
};

#[test]
fn every_token_gets_the_verdict_it_deserves() {
    let verifier = verifier();
    let cases = cases();
    for case in &cases {
        let refusal = match verifier.attempt_against(&case.token, &case.requirements(), now()) {
            Ok(Attempt::Verified(_)) => None,
            // The key is not in the set, which a verifier that fetches would find out.
            Ok(Attempt::NeedsKeys(_)) => Some(VerifyError::KeyUnknown.reason()),
            Err(error) => Some(error.reason()),
        };
        assert_eq!(refusal, case.refusal, "{}", case.name);
    }
    let names: HashSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "a name is used twice");
}

#[test]
fn no_truncated_token_is_accepted() {
    let verifier = verifier();
    let token = crate::issuer::access_token(serde_json::json!({}));
    assert!(matches!(verifier.attempt(&token, now()), Ok(Attempt::Verified(_))));
    for end in 0..token.len() {
        assert!(verifier.attempt(&token[..end], now()).is_err(), "cut at {end}");
    }
}

#[test]
fn nothing_printed_holds_a_token_or_a_claim() {
    let verifier = verifier();
    let cases = cases();
    for case in &cases {
        let attempt = verifier.attempt_against(&case.token, &case.requirements(), now());
        let printed = match &attempt {
            Ok(attempt) => format!("{attempt:?}"),
            Err(error) => format!("{error:?} {error}"),
        };
        for secret in ["ada@acme.test", "9b1c6d1e", "vestibule_u42", "evil", "eyJ"] {
            assert!(!printed.contains(secret), "{}: {printed}", case.name);
        }
    }
}
