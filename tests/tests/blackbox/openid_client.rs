//! A certified OpenID Connect client, npm `openid-client`, in the place of Cognito.

use anyhow::{Context, Result};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Interop, Launch};

use crate::customer::{Client, Customer, to_identity_provider};

/// One round: the client asks, the person signs in, the client redeems what came back.
async fn sign_in(
    node: &mut Interop,
    client: &Client,
    customer: &Customer,
    options: &Value,
) -> Result<(Value, Value, String)> {
    let mut order = json!({
        "do": "authorize",
        "issuer": client.issuer.as_str().trim_end_matches('/'),
        "client_id": client.id,
        "client_secret": client.secret,
        "redirect_uri": client.redirect_uri,
        "scope": "openid email profile",
        "parameters": { "login_hint": customer.email },
    });
    for (name, value) in options.as_object().into_iter().flatten() {
        order[name] = value.clone();
    }
    let asked = node.ask(&order).await?;
    let authorize = asked["authorization_url"].as_str().context("an address")?.parse()?;
    let mut browser = Browser::new()?;
    let location = to_identity_provider(&mut browser, &authorize).await?;
    let answer = browser.submit(&customer.provider.answer(&location, &customer.email)?, None).await?;
    let back = answer.location.clone().with_context(|| answer.problem().to_string())?;
    let redeemed = node.try_ask(&json!({ "do": "callback", "url": back.as_str() })).await?;
    Ok((asked, redeemed, back.to_string()))
}

#[tokio::test]
async fn the_certified_client_signs_in_with_either_algorithm_with_and_without_pkce_and_nonce() -> Result<()> {
    let Some(mut node) = Interop::node("oidc_client.mjs", &[])? else { return Ok(()) };
    let vestibule = Launch::serve("all")?.start().await?;
    let mut subjects = Vec::new();
    for (alg, pool_id, slug, options) in
        [("RS256", "eu-west-1_Client001", "acme", &[][..]), ("ES256", "eu-west-1_Client002", "globex", &["--es256"])]
    {
        let client = Client::register(&vestibule, pool_id, options)?;
        let customer = Customer::onboard(&vestibule, &client, slug).await?;
        for (pkce, nonce) in [(false, false), (true, true), (true, false), (false, true)] {
            let options = json!({ "alg": alg, "pkce": pkce, "nonce": nonce });
            let (asked, redeemed, back) = sign_in(&mut node, &client, &customer, &options).await?;
            let metadata = &asked["metadata"];
            assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(["client_secret_post"]));
            assert_eq!(redeemed["ok"], true, "{options}: {redeemed:#}");
            let (claims, userinfo) = (&redeemed["claims"], &redeemed["userinfo"]);
            assert_eq!(claims["aud"], client.id.as_str());
            assert_eq!((&claims["email"], &claims["email_verified"]), (&json!(customer.email), &json!(true)));
            for claim in ["sub", "email", "email_verified", "given_name"] {
                assert_eq!(claims[claim], userinfo[claim], "{claim}: {redeemed:#}");
            }
            assert_eq!(claims.get("nonce").is_some(), nonce, "what was asked for, and nothing else: {claims}");
            let header = redeemed["tokens"]["id_token"].as_str().and_then(|token| token.split('.').next());
            let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header.context("a JWT")?)?)?;
            assert_eq!((&header["alg"], header["kid"].is_string()), (&json!(alg), true), "{header}");
            subjects.push(claims["sub"].as_str().context("sub")?.to_owned());
            // Somebody gives the client the same answer again.
            let again = node.try_ask(&json!({ "do": "callback", "url": back })).await?;
            assert_eq!((&again["ok"], &again["oauth_error"]), (&json!(false), &json!("invalid_grant")), "{again:#}");
        }
    }
    subjects.dedup();
    assert_eq!(subjects.len(), 2, "one subject for each person, whatever was asked: {subjects:?}");
    for subject in &subjects {
        let fits = subject.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(fits && subject.len() <= 64, "Cognito makes a username of it: {subject}");
    }
    Ok(())
}

#[tokio::test]
async fn the_certified_client_is_refused_with_a_wrong_secret_and_in_words_of_oauth() -> Result<()> {
    let Some(mut node) = Interop::node("oidc_client.mjs", &[])? else { return Ok(()) };
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Client001", &[])?;
    let customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let (_, refused, _) = sign_in(&mut node, &client, &customer, &json!({ "client_secret": "wrong" })).await?;
    assert_eq!((&refused["ok"], &refused["oauth_error"]), (&json!(false), &json!("invalid_client")), "{refused:#}");
    assert_eq!(refused["status"], 401, "{refused:#}");

    // Two secrets are good during a rotation, and one after it.
    let added = vestibule.run(["pool", "add-secret", "--json"])?.json()?;
    let second = added["client_secret"].as_str().context("a secret")?;
    let (_, redeemed, _) = sign_in(&mut node, &client, &customer, &json!({ "client_secret": second })).await?;
    assert_eq!(redeemed["ok"], true, "{redeemed:#}");
    let (_, redeemed, _) = sign_in(&mut node, &client, &customer, &json!({})).await?;
    assert_eq!(redeemed["ok"], true, "{redeemed:#}");
    Ok(())
}
