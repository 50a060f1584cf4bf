//! Sign-ins by challenges, with the shapes that Cognito documents.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vestibule_cognito::{
    CreateAuthChallenge, DefineAuthChallenge, NextStep, PosedChallenge, TriggerError, TriggerEvent, VerifyAuthChallenge,
};
use vestibule_kernel::Explain as _;

fn event(trigger: &str, request: &Value) -> String {
    json!({
        "version": "1", "triggerSource": format!("{trigger}_Authentication"), "userPoolId": "eu-west-1_AbCd12345",
        "userName": "ann", "request": request, "response": {"issueTokens": null},
    })
    .to_string()
}

fn response(answer: &str) -> Value {
    serde_json::from_str::<Value>(answer).unwrap()["response"].take()
}

#[test]
fn a_step_is_one_of_three() {
    let json = event("DefineAuthChallenge", &json!({"userAttributes": {}, "session": []}));
    let event = DefineAuthChallenge::read(TriggerEvent::parse(&json).unwrap()).unwrap();
    assert!(event.rounds().is_empty() && !event.is_unknown());
    for (step, expected) in [
        (
            NextStep::Challenge,
            json!({"challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false}),
        ),
        (NextStep::IssueTokens, json!({"issueTokens": true, "failAuthentication": false})),
        (NextStep::Fail, json!({"issueTokens": false, "failAuthentication": true})),
    ] {
        assert_eq!(response(&event.answered(step)), expected);
    }
}

#[test]
fn rounds_are_read_with_their_results() {
    let session = json!([
        {"challengeName": "SRP_A", "challengeResult": true, "challengeMetadata": null},
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": false},
    ]);
    let json = event("DefineAuthChallenge", &json!({"session": session, "userNotFound": true}));
    let event = DefineAuthChallenge::read(TriggerEvent::parse(&json).unwrap()).unwrap();
    let rounds: Vec<_> = event.rounds().iter().map(|round| (round.is_custom(), round.challenge_result)).collect();
    assert_eq!(rounds, [(false, true), (true, false)]);
    assert!(event.is_unknown());
}

#[test]
fn what_is_secret_stays_in_the_private_parameters() {
    let json = event("CreateAuthChallenge", &json!({"challengeName": "CUSTOM_CHALLENGE", "session": []}));
    let event = CreateAuthChallenge::read(TriggerEvent::parse(&json).unwrap()).unwrap();
    let one = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let posed = PosedChallenge { public: one("hint", "h"), private: one("secret", "s"), metadata: "m".to_owned() };
    let expected = json!({
        "publicChallengeParameters": {"hint": "h"},
        "privateChallengeParameters": {"secret": "s"},
        "challengeMetadata": "m",
    });
    assert_eq!(response(&event.answered(&posed)), expected);
}

#[test]
fn an_answer_is_judged_with_the_private_parameters() {
    let request = json!({"privateChallengeParameters": {"secret": "s"}, "challengeAnswer": "a", "userNotFound": false});
    let json = event("VerifyAuthChallengeResponse", &request);
    let event = VerifyAuthChallenge::read(TriggerEvent::parse(&json).unwrap()).unwrap();
    assert_eq!((event.private("secret").as_deref(), event.private("other"), event.answer()), (Some("s"), None, "a"));
    assert_eq!(response(&event.answered(true)), json!({"answerCorrect": true}));
    assert_eq!(response(&event.answered(false)), json!({"answerCorrect": false}));
}

#[test]
fn malformed_challenges_are_refused() {
    let define = |request: Value| {
        let json = event("DefineAuthChallenge", &request);
        DefineAuthChallenge::read(TriggerEvent::parse(&json).unwrap()).map(drop).map_err(|error| reason(&error))
    };
    let create = |request: Value| {
        let json = event("CreateAuthChallenge", &request);
        CreateAuthChallenge::read(TriggerEvent::parse(&json).unwrap()).map(drop).map_err(|error| reason(&error))
    };
    let verify = |request: Value| {
        let json = event("VerifyAuthChallengeResponse", &request);
        VerifyAuthChallenge::read(TriggerEvent::parse(&json).unwrap()).map(drop).map_err(|error| reason(&error))
    };
    let round = json!({"challengeName": "CUSTOM_CHALLENGE", "challengeResult": true});
    for session in [json!({}), json!("x"), json!([{"challengeName": "x"}]), json!(vec![round; 17])] {
        assert_eq!(define(json!({"session": session})), Err("TRIGGER_MALFORMED"));
    }
    assert_eq!(define(json!([])), Err("TRIGGER_MALFORMED"));
    assert_eq!(create(json!({"session": []})), Err("TRIGGER_MALFORMED"));
    assert_eq!(create(json!({"challengeName": "SMS_MFA"})), Err("TRIGGER_UNSUPPORTED"));
    for request in [
        json!({"challengeAnswer": "a"}),
        json!({"privateChallengeParameters": [], "challengeAnswer": "a"}),
        json!({"privateChallengeParameters": {}, "challengeAnswer": {}}),
        json!({"privateChallengeParameters": {}}),
        json!({"privateChallengeParameters": {}, "challengeAnswer": "a".repeat(4 * 1024 + 1)}),
    ] {
        assert_eq!(verify(request), Err("TRIGGER_MALFORMED"));
    }
}

fn reason(error: &TriggerError) -> &'static str {
    error.explain().reason
}
