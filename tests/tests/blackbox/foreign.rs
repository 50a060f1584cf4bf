//! Codes, clients and addresses of others, before the endpoints that Cognito and browsers call.

use anyhow::{Context, Result};
use reqwest::header::{ALLOW, CACHE_CONTROL, WWW_AUTHENTICATE};
use serde_json::Value;
use vestibule_saml_idp::Deviation;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, Vestibule, http_client};

use crate::{
    customer::{Client, Customer},
    provider::parameters,
    refusal,
};

#[tokio::test]
async fn a_code_is_good_for_its_client_and_its_address_and_once() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Foreign01", &[])?;
    let other = Client::register(&vestibule, "eu-west-1_Foreign02", &[])?;
    let customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let code = client.code(&mut Browser::new()?, &customer).await?;
    let events = vestibule.events()?;

    let with = |name: &str, value: &str| {
        let mut request = client.token_request(&code);
        request.retain(|(known, _)| known != name);
        request.push((name.to_owned(), value.to_owned()));
        request
    };
    let long = "x".repeat(20_000);
    let cases = [
        (other.token_request(&code), 400, "invalid_grant", "TOKEN_CODE_INVALID"),
        (with("client_secret", &other.secret), 401, "invalid_client", "TOKEN_CREDENTIALS_WRONG"),
        (with("client_id", "nobody"), 401, "invalid_client", "TOKEN_CREDENTIALS_WRONG"),
        (with("redirect_uri", &other.redirect_uri), 400, "invalid_grant", "TOKEN_REDIRECT_URI_MISMATCH"),
        (with("code", "not-a-code"), 400, "invalid_grant", "TOKEN_CODE_INVALID"),
        (with("code_verifier", &"v".repeat(43)), 400, "invalid_grant", "TOKEN_VERIFIER_UNEXPECTED"),
        (with("grant_type", "password"), 400, "unsupported_grant_type", "TOKEN_GRANT_TYPE_UNSUPPORTED"),
        (with("code", &long), 400, "invalid_request", "TOKEN_TOO_LONG"),
    ];
    for (request, expected, error, reason) in cases {
        let (status, answer) = client.token(&request).await?;
        assert_eq!((status, &answer["error"]), (expected, &error.into()), "{reason}: {answer}");
        let traced = refusal::latest(&vestibule)?;
        assert_eq!((&traced["reason"], &traced["stage"]), (&reason.into(), &"token".into()), "{answer}");
    }
    assert_eq!(vestibule.events()?, events, "nothing of this is in the log");

    // None of them has used the code up.
    let tokens = client.redeem(&code).await?;
    assert_eq!(tokens.id_token["aud"], client.id.as_str());
    assert_eq!(vestibule.events()?, events + 1, "the redemption");
    let (status, answer) = client.token(&client.token_request(&code)).await?;
    assert_eq!((status, &answer["error"]), (400, &"invalid_grant".into()));
    refusal::newest(&vestibule, "TOKEN_CODE_REDEEMED")?;
    assert_eq!(vestibule.events()?, events + 1);
    userinfo(&vestibule, &tokens.access_token).await
}

/// Of a code that came twice the access token is void.
async fn userinfo(vestibule: &Vestibule, voided: &str) -> Result<()> {
    for token in [voided, "not-a-token", &"x".repeat(5_000)] {
        let request = http_client()?.get(vestibule.gateway("/oauth2/userinfo")?);
        let answer = request.bearer_auth(token).send().await?;
        assert_eq!(answer.status(), 401);
        let challenge = answer.headers().get(WWW_AUTHENTICATE).context("RFC 6750 section 3")?.to_str()?;
        assert!(challenge.contains("invalid_token"), "{challenge}");
        assert_eq!(refusal::latest(vestibule)?["reason"], "USERINFO_TOKEN_INVALID");
    }
    Ok(())
}

#[tokio::test]
async fn an_authorize_request_of_nobody_or_to_nowhere_ends_on_a_page() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Foreign01", &[])?;
    let other = Client::register(&vestibule, "eu-west-1_Foreign02", &[])?;
    let customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let browser = Browser::new()?;
    let events = vestibule.events()?;

    let good = client.authorize_url(&customer.email)?;
    let with = |name: &str, value: &str| {
        let mut url = good.clone();
        let others =
            good.query_pairs().filter(|(known, _)| known != name).map(|(a, b)| (a.into_owned(), b.into_owned()));
        let kept: Vec<_> = others.collect();
        url.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, value);
        url
    };
    let slash = format!("{}/", client.redirect_uri);
    let cases = [
        (with("client_id", "nobody"), "AUTHORIZE_UNKNOWN_CLIENT"),
        (with("redirect_uri", "https://evil.test/"), "AUTHORIZE_REDIRECT_URI_UNREGISTERED"),
        (with("redirect_uri", &other.redirect_uri), "AUTHORIZE_REDIRECT_URI_UNREGISTERED"),
        (with("redirect_uri", &slash), "AUTHORIZE_REDIRECT_URI_UNREGISTERED"),
        (with("state", &"s".repeat(20_000)), "AUTHORIZE_TOO_LONG"),
    ];
    for (url, reason) in cases {
        let answer = browser.another().get(&url).await?;
        assert_eq!(answer.location, None, "{reason}: nobody is sent anywhere");
        let sign_in = refusal::traced_page(&vestibule, &answer.problem())?;
        assert_eq!((&sign_in["reason"], &sign_in["stage"]), (&reason.into(), &"authorize".into()));
    }

    // What a known client asks for and may not have goes back to it as OAuth says.
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "email", "invalid_scope"),
        ("prompt", "none", "login_required"),
    ] {
        let answer = browser.another().get(&with(name, value)).await?;
        let back = answer.location.with_context(|| format!("{error} goes back"))?;
        assert!(back.as_str().starts_with(&client.redirect_uri), "{back}");
        let parameters = parameters(&back);
        assert_eq!(parameters["error"], error);
        assert!(parameters.contains_key("state"), "{back}");
    }
    assert_eq!(vestibule.events()?, events, "nothing of this is in the log");
    Ok(())
}

#[tokio::test]
async fn another_customers_assertion_is_nobody_here() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Foreign01", &[])?;
    let acme = Customer::onboard(&vestibule, &client, "acme").await?;
    let globex = Customer::onboard(&vestibule, &client, "globex").await?;
    let browser = Browser::new()?;
    let events = vestibule.events()?;
    // Globex's identity provider answers what was asked of Acme's, first in its own name, then in Acme's.
    for name in [globex.provider.idp.entity_id(), acme.provider.idp.entity_id()] {
        let mut browser = browser.another();
        let location = client.authorize(&mut browser, &acme).await?;
        let form = globex.provider.bent(&location, &acme.email, |terms| {
            let name = Deviation::instead(name);
            terms.deviating(|bent| (bent.assertion_issuer, bent.response_issuer) = (name.clone(), name))
        })?;
        let answer = browser.submit(&form, None).await?;
        let sign_in = refusal::traced_page(&vestibule, &answer.problem())?;
        assert_eq!(sign_in["reason"], "CERTIFICATE_NOT_TRUSTED", "{sign_in:#}");
        assert_eq!(sign_in["organization"], format!("organizations/{}", acme.organization));
    }
    assert_eq!(vestibule.events()?, events);
    Ok(())
}

#[tokio::test]
async fn programs_that_lose_their_way_get_an_answer_that_says_so() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let http = http_client()?;
    let answer = http.post(vestibule.gateway("/oauth2/token")?).body("{}").send().await?;
    assert!(answer.status().is_client_error());
    assert!(answer.headers().get(CACHE_CONTROL).is_some_and(|value| value == "no-store"));
    let told: Value = answer.json().await?;
    assert_eq!(told["error"], "invalid_request", "{told}");
    let answer = http.get(vestibule.gateway("/oauth2/token")?).send().await?;
    assert_eq!((answer.status().as_u16(), answer.headers().get(ALLOW).is_some()), (405, true));
    assert_eq!(http.get(vestibule.gateway("/nothing/here")?).send().await?.status(), 404);
    Ok(())
}
