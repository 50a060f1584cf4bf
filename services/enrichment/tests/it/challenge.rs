//! Signing in by a challenge: one attempt, for users of the pool's own only.

use std::io::Write as _;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use vestibule_enrichment_service::{ChallengeKeyError, Config};
use vestibule_kernel::{IdSource as _, PersonId, SystemIds};

use crate::{
    deployment::Deployment,
    event::{POOL_ID, authentication, event, with},
};

const KEY: &[u8] = b"a key of at least thirty-two bytes";

fn key_file(key: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(key).unwrap();
    file
}

async fn start() -> Deployment {
    let file = key_file(KEY);
    let config = Config { challenge_key_file: Some(file.path().to_owned()), ..Config::default() };
    let mut deployment = Deployment::start_with(&config).await;
    deployment.settle().await;
    deployment
}

fn attributes() -> Value {
    json!({"sub": "33ba4a1e-9f0c-7b3e-8a37-0a1b2c3d4e5f", "cognito:user_status": "CONFIRMED"})
}

fn define(session: &Value) -> Value {
    event("DefineAuthChallenge_Authentication", "eve", &json!({"userAttributes": attributes(), "session": session}))
}

fn create() -> Value {
    let request = json!({"userAttributes": attributes(), "challengeName": "CUSTOM_CHALLENGE", "session": []});
    event("CreateAuthChallenge_Authentication", "eve", &request)
}

fn verify(private: &Value, answer: &str) -> Value {
    let request =
        json!({"userAttributes": attributes(), "privateChallengeParameters": private, "challengeAnswer": answer});
    event("VerifyAuthChallengeResponse_Authentication", "eve", &request)
}

/// What a backend answers that has the key.
fn sign(key: &[u8], user_name: &str, nonce: &str) -> String {
    let text = format!("vestibule-signed-nonce-v1\n{POOL_ID}\n3n4b5example\n{user_name}\n{nonce}");
    hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()))
}

async fn step(deployment: &Deployment, event: &Value) -> (Value, Value) {
    let response = deployment.trigger(event).await.unwrap()["response"].clone();
    (response["issueTokens"].clone(), response["failAuthentication"].clone())
}

#[tokio::test]
async fn whoever_has_the_key_vouches_for_a_user_once() {
    let deployment = start().await;
    let first = deployment.trigger(&define(&json!([]))).await.unwrap();
    assert_eq!(first["response"]["challengeName"], json!("CUSTOM_CHALLENGE"));
    let posed = deployment.trigger(&create()).await.unwrap()["response"].clone();
    let again = deployment.trigger(&create()).await.unwrap()["response"].clone();
    assert_ne!(posed, again, "each challenge is a new one");
    assert!(!posed.to_string().contains("key"));

    let nonce = posed["publicChallengeParameters"]["nonce"].as_str().unwrap();
    let private = &posed["privateChallengeParameters"];
    let right = sign(KEY, "eve", nonce);
    let judged = |answer: String| {
        let deployment = &deployment;
        async move { deployment.trigger(&verify(private, &answer)).await.unwrap()["response"].clone() }
    };
    assert_eq!(judged(right.clone()).await, json!({"answerCorrect": true}));
    let wrong = [
        String::new(),
        right.to_uppercase(),
        right[..63].to_owned(),
        format!("{right}0"),
        sign(KEY, "ann", nonce),
        sign(b"another key of at least thirty-two", "eve", nonce),
        sign(KEY, "eve", again["publicChallengeParameters"]["nonce"].as_str().unwrap()),
        nonce.to_owned(),
    ];
    for wrong in wrong {
        assert_eq!(judged(wrong.clone()).await, json!({"answerCorrect": false}), "{wrong}");
    }
    let other = again["privateChallengeParameters"].clone();
    let replayed = deployment.trigger(&verify(&other, &right)).await.unwrap();
    assert_eq!(replayed["response"], json!({"answerCorrect": false}), "an answer is good for its own challenge");
    for private in [json!({}), json!({"nonce": ""}), json!({"nonce": 7})] {
        let answer = sign(KEY, "eve", "");
        let judged = deployment.trigger(&verify(&private, &answer)).await.unwrap();
        assert_eq!(judged["response"], json!({"answerCorrect": false}));
    }
}

#[tokio::test]
async fn there_is_one_attempt_and_no_other_way_through() {
    let deployment = start().await;
    let round = |name: &str, result: bool| json!({"challengeName": name, "challengeResult": result});
    let (right, wrong) = (round("CUSTOM_CHALLENGE", true), round("CUSTOM_CHALLENGE", false));
    assert_eq!(step(&deployment, &define(&json!([right]))).await, (json!(true), json!(false)));
    for session in [
        json!([wrong]),
        json!([wrong, right]),
        json!([right, right]),
        json!([round("SRP_A", true)]),
        json!([round("PASSWORD_VERIFIER", true), right]),
    ] {
        assert_eq!(step(&deployment, &define(&session)).await, (json!(false), json!(true)), "{session}");
    }
}

#[tokio::test]
async fn who_comes_through_a_provider_has_no_other_way_in() {
    let deployment = start().await;
    let ann = PersonId::from_uuid(SystemIds.uuid_v4());
    let mut external = authentication("DefineAuthChallenge_Authentication", ann);
    assert_eq!(step(&deployment, &external).await, (json!(false), json!(true)));
    external["request"]["session"] = json!([{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": true}]);
    assert_eq!(step(&deployment, &external).await, (json!(false), json!(true)));
    let confirmed = with(external, "/request/userAttributes/cognito:user_status", json!("CONFIRMED"));
    assert_eq!(
        step(&deployment, &confirmed).await,
        (json!(false), json!(true)),
        "given a password, and still called so"
    );

    let nonce = "0".repeat(64);
    let name = format!("vestibule_{ann}");
    let mut judged = verify(&json!({"nonce": nonce}), &sign(KEY, &name, &nonce));
    judged["userName"] = json!(name);
    assert_eq!(deployment.trigger(&judged).await.unwrap()["response"], json!({"answerCorrect": false}));
}

#[tokio::test]
async fn nobody_learns_whether_a_user_exists() {
    let deployment = start().await;
    let unknown = |mut event: Value| {
        event["request"]["userNotFound"] = json!(true);
        event["request"]["userAttributes"] = json!({});
        event
    };
    let begun = deployment.trigger(&unknown(define(&json!([])))).await.unwrap();
    assert_eq!(begun["response"], deployment.trigger(&define(&json!([]))).await.unwrap()["response"]);
    deployment.trigger(&unknown(create())).await.unwrap();
    let nonce = "0".repeat(64);
    let judged = unknown(verify(&json!({"nonce": nonce}), &sign(KEY, "eve", &nonce)));
    assert_eq!(deployment.trigger(&judged).await.unwrap()["response"], json!({"answerCorrect": false}));
    let session = json!([{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": true}]);
    assert_eq!(step(&deployment, &unknown(define(&session))).await, (json!(false), json!(true)));
}

#[tokio::test]
async fn without_a_key_there_are_no_challenges() {
    let mut deployment = Deployment::start().await;
    deployment.settle().await;
    for event in [define(&json!([])), create(), verify(&json!({"nonce": "x"}), "x")] {
        assert_eq!(deployment.refused(&event).await, "CHALLENGE_UNCONFIGURED");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_used_keeps_the_service_from_starting() {
    let short = key_file(&[7; 31]);
    let long = key_file(&[7; 1025]);
    for (path, is_unreadable) in
        [(short.path().to_owned(), false), (long.path().to_owned(), false), ("/nowhere/key".into(), true)]
    {
        let config = Config { challenge_key_file: Some(path), ..Config::default() };
        let error = Deployment::try_start(&config).await.err().unwrap();
        assert_eq!(matches!(error, ChallengeKeyError::Unreadable { .. }), is_unreadable, "{error}");
    }
}
