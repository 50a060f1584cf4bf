//! `vestibule sandbox --check`: the whole path without a browser.

use anyhow::{Context, Result};
use vestibule_rpc::{
    reason_of,
    saml::v1::{CreateAuthnRequestRequest, saml_service_client::SamlServiceClient},
};
use vestibule_sandbox::check::HopError;
use vestibule_tests::{Cli, Launch, until};

use crate::{
    person::{to_response, walk},
    refusal,
};

/// Every hop, in the order of the path.
const HOPS: [&str; 16] = [
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
    "application: sign out",
    "cognito: logout",
    "vestibule: end session",
    "identity provider: logout",
    "vestibule: logout",
    "application: signed out",
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
    // What the sandbox's claim policy adds.
    assert!(id_token.contains("\"tier\": \"enterprise\""), "{ran}");
    assert!(access_token.contains(&format!("tenant/{}", organization(access_token))), "{ran}");
    assert!(printed.contains(&format!("organizations/{}", organization(id_token))), "routing decided the same\n{ran}");
    let keys = ["verified with a key of the issuer's metadata", "the Response: encrypted for the service provider"];
    assert!(keys.iter().all(|used| rest.contains(used)), "signed requests and encryption\n{ran}");
    for decided in ["DECISION_BROKERED", "ok sign-in trace: ", "ok answer to Cognito: ", " ms  "] {
        assert!(printed.contains(decided), "{decided} is missing\n{ran}");
    }
    assert!(!printed.contains("WRONG"), "{ran}");
    assert!(!launch.directory().join("vestibule-data").exists(), "a check leaves nothing behind");
    Ok(())
}

#[test]
fn a_check_of_a_broken_path_fails_with_the_hop_and_the_reason() -> Result<()> {
    let directory = tempfile::tempdir()?;
    // The gateway listens where its public address does not lead, so that Cognito cannot reach it.
    let ran = Cli::new(directory.path()).run(["sandbox", "--check", "--set", "http.listen=127.0.0.2:0"])?;
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stdout.contains("application: routing"), "the hops before it\n{ran}");
    assert!(!ran.stdout.contains("Claims of"), "{ran}");
    for word in ["the sign-in failed", "cognito: authorize", "invalid_request", "discovery document"] {
        assert!(ran.stderr.contains(word), "{word}\n{ran}");
    }
    Ok(())
}

#[tokio::test]
async fn a_broken_path_names_the_hop_and_a_reference_that_tells_the_reason() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    // While Ada is on her way, an operator closes the connection.
    let mut walk = walk(&sandbox)?;
    let response = to_response(&mut walk, "ada@acme.test").await?;
    sandbox.run(["connection", "disable", "acme", "Acme Login", "--note", "a test", "--last"])?.ok()?;
    let connection =
        response.form.action.path_segments().and_then(|mut path| path.nth(1)).context("its id")?.to_owned();
    let mut saml = SamlServiceClient::new(sandbox.channel()?);
    until("the connection to be closed", async || {
        let request = CreateAuthnRequestRequest { connection: connection.clone(), ..Default::default() };
        let refused = saml.create_authn_request(request).await.err();
        Ok(refused.filter(|status| reason_of(status).as_deref() == Some("CONNECTION_DISABLED")))
    })
    .await?;
    let Err(error) = walk.post_response(&response).await else { panic!("accepted over a closed connection") };
    assert_eq!(error.hop, "vestibule: assertion");
    let sign_in = refusal::traced(&sandbox, &error)?;
    assert_eq!(
        (&sign_in["reason"], &sign_in["responsible"]),
        (&"CONNECTION_DISABLED".into(), &"RESPONSIBLE_OPERATOR".into())
    );

    // Whoever comes later does not even get to the identity provider.
    let refused = until("routing to know", async || Ok(to_response(&mut walk.clone(), "ada@acme.test").await.err()));
    let refused = refused.await?;
    let hop = refused.downcast_ref::<HopError>().with_context(|| format!("{refused:#}"))?;
    assert_eq!(hop.hop, "application: routing", "{refused:#}");
    assert!(hop.problem().is_some_and(|problem| problem.text.contains("NO_ENABLED_CONNECTION")), "{refused:#}");
    Ok(())
}
