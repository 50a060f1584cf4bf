//! Keys: when they are asked for, what happens when they are not there, and what a key set may look like.

use serde_json::{Value, json};
use vestibule_cognito_verifier::{Attempt, KEY_SET_BYTES_MAX, KEYS_MAX, KeysWanted, Verifier};

use crate::issuer::{
    ISSUER, KEYS, UPDATED_ISSUER, access_claims, access_requirements, access_token, after, id_claims, key_set, now,
    pool,
};

fn fresh() -> Verifier {
    let verifier = Verifier::new();
    verifier.trust(&pool(), &access_requirements());
    verifier
}

fn wanted(verifier: &Verifier, token: &str, seconds: u64) -> KeysWanted {
    match verifier.attempt(token, after(seconds)) {
        Ok(Attempt::NeedsKeys(wanted)) => wanted,
        other => panic!("{other:?}"),
    }
}

fn reason(verifier: &Verifier, token: &str, seconds: u64) -> &'static str {
    verifier.attempt(token, after(seconds)).unwrap_err().reason()
}

fn is_verified(verifier: &Verifier, token: &str, seconds: u64) -> bool {
    matches!(verifier.attempt(token, after(seconds)), Ok(Attempt::Verified(_)))
}

/// What a verifier makes of this key set when it looks for our key.
fn verified_with(keys: &Value) -> bool {
    let verifier = fresh();
    let token = access_token(json!({}));
    wanted(&verifier, &token, 0).fetched(keys.to_string().as_bytes(), now()).unwrap();
    is_verified(&verifier, &token, 0)
}

#[test]
fn keys_are_asked_for_once_beside_the_issuer_that_the_token_names() {
    let verifier = fresh();
    let token = access_token(json!({}));
    let first = wanted(&verifier, &token, 0);
    assert_eq!(first.url(), format!("{ISSUER}/.well-known/jwks.json"));
    first.fetched(key_set().to_string().as_bytes(), now()).unwrap();
    assert!(is_verified(&verifier, &token, 0));
    let updated = access_token(json!({ "iss": UPDATED_ISSUER }));
    assert_eq!(wanted(&verifier, &updated, 0).url(), format!("{UPDATED_ISSUER}/.well-known/jwks.json"));
}

#[test]
fn an_unknown_key_is_asked_for_and_then_refused_for_ten_seconds() {
    let verifier = fresh();
    let known = access_token(json!({}));
    wanted(&verifier, &known, 0).fetched(key_set().to_string().as_bytes(), now()).unwrap();
    let unknown = KEYS[2].token(&access_claims(json!({})));
    wanted(&verifier, &unknown, 0).fetched(key_set().to_string().as_bytes(), now()).unwrap();

    assert_eq!(reason(&verifier, &unknown, 0), "TOKEN_KEY_UNKNOWN");
    assert_eq!(reason(&verifier, &unknown, 9), "TOKEN_KEY_UNKNOWN");
    assert!(is_verified(&verifier, &known, 9), "the penalty is not for known keys");
    // Rotation: now it is there, and the old ones are not.
    let rotated = json!({ "keys": [KEYS[2].jwk()] }).to_string();
    wanted(&verifier, &unknown, 10).fetched(rotated.as_bytes(), after(10)).unwrap();
    assert!(is_verified(&verifier, &unknown, 10));
    assert!(matches!(verifier.attempt(&known, after(10)), Ok(Attempt::NeedsKeys(_))), "retired keys are forgotten");
}

#[test]
fn a_failure_is_not_repeated_for_a_second_and_known_keys_stay() {
    let verifier = fresh();
    let known = access_token(json!({}));
    let first = wanted(&verifier, &known, 0);
    first.failed(now());
    assert_eq!(reason(&verifier, &known, 0), "KEYS_UNAVAILABLE");
    assert!(wanted(&verifier, &known, 1).fetched(b"<html>", after(1)).is_err());
    assert_eq!(reason(&verifier, &known, 1), "KEYS_UNAVAILABLE");
    wanted(&verifier, &known, 2).fetched(key_set().to_string().as_bytes(), after(2)).unwrap();
    wanted(&verifier, &KEYS[2].token(&access_claims(json!({}))), 2).failed(after(2));
    assert!(is_verified(&verifier, &known, 2));
}

#[test]
fn a_clock_that_is_set_back_does_not_prolong_the_penalty() {
    let verifier = fresh();
    let unknown = KEYS[2].token(&access_claims(json!({})));
    wanted(&verifier, &unknown, 1_000).fetched(key_set().to_string().as_bytes(), after(1_000)).unwrap();
    assert_eq!(reason(&verifier, &unknown, 995), "TOKEN_KEY_UNKNOWN");
    wanted(&verifier, &unknown, 900);
}

#[test]
fn a_bad_token_makes_nobody_fetch() {
    let verifier = fresh();
    for token in [
        KEYS[1].token(&access_claims(json!({ "iss": "https://evil.test" }))),
        KEYS[1].sign(r#"{"alg":"HS256","kid":"access"}"#, &id_claims(json!({})).to_string()),
        KEYS[1].sign(r#"{"alg":"RS256"}"#, &id_claims(json!({})).to_string()),
        KEYS[1].sign(r#"{"alg":"RS256","kid":"access"}"#, "{}"),
        String::new(),
    ] {
        assert!(verifier.attempt(&token, now()).is_err());
    }
}

#[test]
fn keys_of_other_kinds_are_left_out_and_do_no_harm() {
    let [our, other] = [KEYS[1].jwk(), KEYS[0].jwk()];
    let changed = |name: &str, value: Value| {
        let mut key = our.clone();
        key[name] = value;
        key
    };
    let elliptic = json!({ "kty": "EC", "kid": "access", "crv": "P-256", "x": "AA", "y": "AA" });
    assert!(verified_with(&json!({ "keys": [elliptic, 1, {}, other, our], "more": true })));
    assert!(verified_with(&json!({ "keys": [{ "kty": "RSA", "kid": "access", "n": our["n"], "e": our["e"] }] })));
    for unusable in [
        changed("use", json!("enc")),
        changed("alg", json!("RS512")),
        changed("kty", json!("EC")),
        changed("kid", json!(1)),
        changed("kid", Value::Null),
        changed("n", json!("not base64!")),
        changed("e", Value::Null),
    ] {
        assert!(!verified_with(&json!({ "keys": [unusable] })), "{unusable}");
    }
    assert!(!verified_with(&json!({ "keys": [] })));
    let mut foreign = KEYS[2].jwk();
    foreign["kid"] = json!("access");
    assert!(verified_with(&json!({ "keys": [our, foreign] })), "the first of two keys with one id counts");
}

#[test]
fn small_keys_verify_nothing() {
    let mut small = KEYS[1].jwk();
    small["n"] = json!(small["n"].as_str().unwrap()[..170]);
    assert!(!verified_with(&json!({ "keys": [small] })));
}

#[test]
fn a_key_set_has_limits() {
    let verifier = fresh();
    let wanted = wanted(&verifier, &access_token(json!({})), 0);
    for document in ["", "[]", "null", "{}", r#"{"keys":{}}"#, r#"{"keys":[]"#] {
        assert!(wanted.fetched(document.as_bytes(), now()).is_err(), "{document}");
    }
    let many = json!({ "keys": vec![json!({}); KEYS_MAX + 1] }).to_string();
    assert!(wanted.fetched(many.as_bytes(), now()).is_err());
    let long = json!({ "keys": [KEYS[1].jwk()], "x": "x".repeat(KEY_SET_BYTES_MAX) }).to_string();
    assert!(wanted.fetched(long.as_bytes(), now()).is_err());
    wanted.fetched(json!({ "keys": vec![KEYS[1].jwk(); KEYS_MAX] }).to_string().as_bytes(), now()).unwrap();
}
