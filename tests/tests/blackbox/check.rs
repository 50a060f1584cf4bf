//! `vestibule sandbox --check`: the whole path without a browser.

use anyhow::Result;
use vestibule_tests::{Cli, Launch};

/// Every hop, in the order of the path.
const HOPS: [&str; 10] = [
    "application: login page",
    "application: routing",
    "cognito: authorize",
    "vestibule: authorize",
    "identity provider: request",
    "identity provider: sign in",
    "vestibule: assertion",
    "cognito: idpresponse",
    "application: callback",
    "application: claims",
];

#[test]
fn the_check_prints_every_hop_and_both_tokens_with_the_organization() -> Result<()> {
    let launch = Launch::sandbox()?;
    let ran = Cli::new(launch.directory()).run(["sandbox", "--check"])?;
    let printed = ran.ok()?;
    let mut rest = printed;
    for hop in HOPS {
        let (_, after) = rest.split_once(hop).unwrap_or_else(|| panic!("no hop {hop}, or not in its place\n{ran}"));
        rest = after;
    }
    let (_, claims) = printed.split_once("Claims of the ID token").unwrap_or_else(|| panic!("no claims\n{ran}"));
    let (id_token, access_token) =
        claims.split_once("Claims of the access token").unwrap_or_else(|| panic!("no access token\n{ran}"));
    let organization = |text: &str| {
        let claims: serde_json::Value = serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("no JSON: {text}"));
        claims["org_id"].as_str().unwrap_or_else(|| panic!("no organization in {text}")).to_owned()
    };
    assert_eq!(organization(id_token), organization(access_token), "{ran}");
    assert!(printed.contains(&format!("organizations/{}", organization(id_token))), "routing decided the same\n{ran}");
    for decided in ["DECISION_BROKERED", "ok sign-in trace: ", "ok answer to Cognito: ", " ms  "] {
        assert!(printed.contains(decided), "{decided} is missing\n{ran}");
    }
    assert!(!printed.contains("WRONG"), "{ran}");
    assert!(!launch.directory().join("vestibule-data").exists(), "a check leaves nothing behind");
    Ok(())
}
