//! Other people's programs: aws-jwt-verify judges the shared set, and tokens of moto are verified.

use std::{
    env,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};

use serde_json::{Value, json};
use vestibule_cognito_verifier::{Attempt, Clients, Requirements, TokenUses, UserPool, Verifier};

use crate::{
    issuer::{NOW_SECONDS, POOL_ID, key_set},
    shared::cases,
};

/// The value of a variable that `cargo xtask test` sets; without it the test says that it is skipped, and returns.
fn required(name: &str) -> Option<String> {
    let value = env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        let may_skip = env::var("VESTIBULE_TEST_REQUIRE_ALL").is_ok_and(|all| all == "1");
        assert!(!may_skip, "{name} is not set");
        eprintln!("skipped: {name} is not set; `cargo xtask test` sets it");
    }
    value
}

fn run(command: &mut Command, input: &str) -> Value {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn aws_jwt_verify_agrees_on_the_shared_set_but_for_the_differences_that_are_explained() {
    let Some(folder) = required("VESTIBULE_TEST_NODE_DIR") else { return };
    let cases = cases();
    let told =
        |case: &crate::shared::Case| json!({ "name": case.name, "token": case.token, "requirements": case.asked });
    let order = json!({
        "userPoolId": POOL_ID, "keys": key_set(), "now": NOW_SECONDS * 1_000,
        "cases": cases.iter().map(told).collect::<Vec<_>>(),
    });
    let answer = run(Command::new("node").current_dir(folder).arg("aws_jwt_verify.mjs"), &order.to_string());

    for case in &cases {
        let theirs = &answer["results"][case.name];
        assert!(answer["results"].get(case.name).is_some(), "{}: no answer", case.name);
        let expected = case.refusal.is_none() || case.difference.is_some();
        assert_eq!(theirs.is_null(), expected, "{}: we say {:?}, they say {theirs}", case.name, case.refusal);
    }
    assert!(cases.iter().filter(|case| case.difference.is_none()).count() >= 40);
}

#[test]
fn tokens_of_moto_are_verified() {
    let Some(python) = required("VESTIBULE_TEST_PYTHON") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/moto_tokens.py");
    let made = run(Command::new(python).arg(script), "");
    let text = |name: &str| made[name].as_str().unwrap();
    let pool = UserPool::new(text("pool")).unwrap();
    let client = || Clients::one_of([text("client")]);
    let verifier = Verifier::new();
    verifier.trust(&pool, &Requirements::new(TokenUses::Either, client()));
    verifier.preload(&pool, made["keys"].to_string().as_bytes()).unwrap();
    let now = UNIX_EPOCH + Duration::from_secs(made["issued_at"].as_u64().unwrap());

    for (token, right, wrong) in
        [(text("id_token"), TokenUses::Id, TokenUses::Access), (text("access_token"), TokenUses::Access, TokenUses::Id)]
    {
        let asked = |uses| Requirements::new(uses, client()).any_group_of(["admin"]);
        let Ok(Attempt::Verified(accepted)) = verifier.attempt_against(token, &asked(right), now) else {
            panic!("{right:?}: refused");
        };
        assert_eq!(accepted.username(), Some("ada"));
        assert_eq!(verifier.attempt_against(token, &asked(wrong), now).unwrap_err().reason(), "TOKEN_USE_WRONG");
        let later = now + Duration::from_hours(2);
        assert_eq!(verifier.attempt(token, later).unwrap_err().reason(), "TOKEN_EXPIRED");
    }
}
