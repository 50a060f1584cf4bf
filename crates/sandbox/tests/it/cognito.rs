//! Cognito as relying party of a provider.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::fixture::{CALLBACK, Fixture, NOW};

fn query(url: &url::Url) -> Vec<(String, String)> {
    url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_upstream_request_has_neither_nonce_nor_pkce_and_a_long_opaque_state() {
    let mut fixture = Fixture::start().await;
    let answer = fixture.authorize(&[("identity_provider", "Vestibule")]).await;
    let upstream = answer.location.unwrap();
    assert!(upstream.as_str().starts_with(&format!("{}/authorize?", fixture.provider.url)), "{upstream}");
    let parameters = query(&upstream);
    let state = parameters[4].1.clone();
    let expected = [
        ("client_id", "cognito-at-provider"),
        ("redirect_uri", &format!("{}/oauth2/idpresponse", fixture.url)),
        ("scope", "openid email"),
        ("response_type", "code"),
        ("state", &state),
    ];
    assert_eq!(parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let parts: Vec<_> = state.split('.').collect();
    assert!((650..=1_100).contains(&state.len()), "{}", state.len());
    assert!(parts.len() == 3 && parts[2].len() == 1 && parts[2].parse::<u8>().is_ok(), "{state}");
    let is_base64url = |part: &str| part.chars().all(|each| each.is_ascii_alphanumeric() || "-_".contains(each));
    assert!(is_base64url(parts[0]) && is_base64url(parts[1]), "{state}");
}

#[tokio::test]
async fn login_hint_and_prompt_are_forwarded() {
    let mut fixture = Fixture::start().await;
    let extra = [("identity_provider", "Vestibule"), ("login_hint", "ada@acme.test"), ("prompt", "login consent")];
    let upstream = fixture.authorize(&extra).await.location.unwrap();
    let forwarded = [("login_hint", "ada@acme.test"), ("prompt", "login consent")];
    assert_eq!(query(&upstream)[5..], forwarded.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let silent = fixture.authorize(&[("identity_provider", "Vestibule"), ("prompt", "none")]).await;
    assert_eq!(silent.location_parameter("error").unwrap(), "login_required");
}

#[tokio::test]
async fn the_state_must_come_back_byte_for_byte_and_once() {
    let mut fixture = Fixture::start().await;
    let state = fixture.authorize(&[("identity_provider", "Vestibule")]).await.location_parameter("state").unwrap();
    let altered = format!("{}4", &state[..state.len() - 1]);
    let refused = fixture.respond(&[("code", "c"), ("state", &altered)]).await;
    assert_eq!((refused.status, refused.location), (StatusCode::BAD_REQUEST, None));
    let accepted = fixture.respond(&[("code", "c"), ("state", &state)]).await;
    assert!(accepted.location.unwrap().as_str().starts_with(CALLBACK));
    let again = fixture.respond(&[("code", "c"), ("state", &state)]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert_eq!(fixture.provider.token_calls(), 1);
}

#[tokio::test]
async fn a_sign_in_is_abandoned_after_five_minutes() {
    let mut fixture = Fixture::start().await;
    let state = fixture.authorize(&[("identity_provider", "Vestibule")]).await.location_parameter("state").unwrap();
    fixture.clock.advance(Duration::from_mins(5));
    let late = fixture.respond(&[("code", "c"), ("state", &state)]).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(late.body.contains("Something went wrong"), "{}", late.body);
    assert_eq!(fixture.provider.token_calls(), 0);
}

#[tokio::test]
async fn the_back_channel_is_client_secret_post_bearer_and_fresh_keys() {
    let mut fixture = Fixture::start().await;
    fixture.sign_in().await;
    fixture.sign_in().await;
    let script = fixture.provider.script.lock().unwrap();
    let (headers, body) = &script.token_calls[0];
    assert_eq!(headers["user-agent"], "Amazon/Cognito");
    assert!(!headers.contains_key("authorization"));
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let redirect_uri = format!("{}/oauth2/idpresponse", fixture.url);
    let expected = [
        ("grant_type", "authorization_code"),
        ("code", "upstream-code"),
        ("redirect_uri", &redirect_uri),
        ("client_id", "cognito-at-provider"),
        ("client_secret", "provider-secret"),
    ];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(script.userinfo_calls[0]["authorization"], "Bearer upstream-token");
    assert_eq!(script.jwks_fetches, 2, "the keys are fetched for each ID token");
}

#[tokio::test]
async fn a_missing_claim_keeps_the_attribute_and_a_blank_one_clears_it() {
    let mut fixture = Fixture::start().await;
    let first = fixture.sign_in().await.id_token();
    assert_eq!(first["name"], "Ada Lovelace", "the ID token wins over userinfo");
    assert_eq!((&first["given_name"], &first["email_verified"]), (&json!("Ada"), &json!(true)));
    fixture.provider.change(|script| {
        script.id_token = json!({ "sub": "P-1", "email": "", "email_verified": false });
        script.userinfo = json!({ "sub": "P-1" });
    });
    let second = fixture.sign_in().await.id_token();
    assert_eq!((&second["name"], &second["given_name"]), (&json!("Ada Lovelace"), &json!("Ada")));
    assert_eq!((second.get("email"), &second["email_verified"]), (None, &json!(false)));
    assert_eq!(first["sub"], second["sub"], "one provider's sub is one user");
}

#[tokio::test]
async fn the_username_is_lower_cased_and_the_profile_stays() {
    let mut fixture = Fixture::start().await;
    let token = fixture.sign_in().await.id_token();
    assert_eq!(token["cognito:username"], "vestibule_p-1");
    assert_eq!(token["cognito:groups"], json!(["eu-west-1_Test00001_Vestibule"]));
    let profile = fixture.cognito.profile("vestibule_p-1").unwrap();
    assert_eq!(profile.identity.unwrap().user_id, "P-1");
    assert_eq!(profile.sub, token["sub"].as_str().unwrap());
}

#[tokio::test]
async fn the_session_answers_for_an_hour_without_asking_the_provider() {
    let mut fixture = Fixture::start().await;
    let first = fixture.sign_in().await.id_token();
    // Another person is meant, and still the session answers for the first: the hazard of a shared provider.
    let hinted = [("identity_provider", "Vestibule"), ("login_hint", "alan@globex.test")];
    for minutes in [0, 59] {
        fixture.clock.set(vestibule_kernel::Timestamp::from_unix_seconds(NOW + minutes * 60));
        let answer = fixture.authorize(&hinted).await;
        let code = answer.location_parameter("code").expect("the session answers");
        assert_eq!(fixture.redeem(&code).await.id_token()["sub"], first["sub"]);
    }
    assert_eq!(fixture.provider.token_calls(), 1);
    // Use does not prolong it.
    fixture.clock.advance(Duration::from_mins(1));
    let after = fixture.authorize(&hinted).await.location.unwrap();
    assert!(after.as_str().starts_with(&fixture.provider.url), "{after}");
}

#[tokio::test]
async fn prompt_login_asks_the_provider_within_the_hour() {
    let mut fixture = Fixture::start().await;
    fixture.sign_in().await;
    let answer = fixture.authorize(&[("identity_provider", "Vestibule"), ("prompt", "login")]).await;
    assert!(answer.location.unwrap().as_str().starts_with(&fixture.provider.url));
    fixture.provider.change(|script| {
        script.id_token = json!({ "sub": "P-2" });
        script.userinfo = json!({ "sub": "P-2" });
    });
    assert_eq!(fixture.sign_in().await.id_token()["cognito:username"], "vestibule_p-2");
}

#[tokio::test]
async fn logout_ends_the_session() {
    let mut fixture = Fixture::start().await;
    fixture.sign_in().await;
    let refused = format!("{}/logout?client_id=app&logout_uri=http://elsewhere.test/", fixture.url);
    let refused = fixture.browser.get(&refused.parse().unwrap()).await.unwrap();
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let logout = format!("{}/logout?client_id=app&logout_uri=http://localhost:1/", fixture.url);
    let answer = fixture.browser.get(&logout.parse().unwrap()).await.unwrap();
    assert_eq!(answer.location.unwrap().as_str(), "http://localhost:1/");
    let after = fixture.authorize(&[("identity_provider", "Vestibule")]).await.location.unwrap();
    assert!(after.as_str().starts_with(&fixture.provider.url), "{after}");
}

#[tokio::test]
async fn errors_of_the_provider_go_to_the_application() {
    let mut fixture = Fixture::start().await;
    let state = fixture.authorize(&[("identity_provider", "Vestibule")]).await.location_parameter("state").unwrap();
    let denied = [("error", "access_denied"), ("error_description", "not allowed"), ("state", state.as_str())];
    let answer = fixture.respond(&denied).await;
    assert!(answer.location.as_ref().unwrap().as_str().starts_with(CALLBACK));
    assert_eq!(answer.location_parameter("error").unwrap(), "access_denied");
    assert_eq!(answer.location_parameter("state").unwrap(), "app state");
    let description = answer.location_parameter("error_description").unwrap();
    assert!(description.starts_with("Vestibule Error") && description.ends_with("not allowed"), "{description}");
    fixture.provider.change(|script| script.token_status = StatusCode::UNAUTHORIZED);
    let answer = fixture.federate().await;
    let description = answer.location_parameter("error_description").unwrap();
    assert_eq!(description, "Vestibule Error - 401 error getting token");
    assert_eq!(answer.location_parameter("error").unwrap(), "invalid_request");
}

#[tokio::test]
async fn id_tokens_that_are_not_good_are_refused() {
    let mut fixture = Fixture::start().await;
    let bad = [
        json!({ "sub": "P-1", "aud": "another" }),
        json!({ "sub": "P-1", "iss": "https://elsewhere.test" }),
        json!({ "sub": "P-1", "exp": NOW - 1 }),
        json!({ "email": "ada@acme.test" }),
    ];
    for claims in bad {
        fixture.provider.change(|script| script.id_token = claims.clone());
        let answer = fixture.federate().await;
        let description = answer.location_parameter("error_description").unwrap();
        assert!(description.starts_with("Vestibule Error - bad id_token"), "{claims}: {description}");
    }
    fixture.provider.change(|script| {
        script.id_token = json!({ "sub": "P-1" });
        script.kid = "k2";
    });
    let answer = fixture.federate().await;
    assert!(answer.location_parameter("error_description").unwrap().contains("kid"));
    fixture.provider.change(|script| {
        script.kid = "k1";
        script.userinfo = json!({ "sub": "P-9" });
    });
    let answer = fixture.federate().await;
    assert!(answer.location_parameter("error_description").unwrap().contains("somebody else"));
}

#[tokio::test]
async fn an_application_is_told_only_when_it_is_known() {
    let mut fixture = Fixture::start().await;
    for (name, value) in [("client_id", "other"), ("redirect_uri", "http://localhost:1/callback/")] {
        let mut url = fixture.authorize_url(&[("identity_provider", "Vestibule")]);
        let changed: Vec<_> = query(&url)
            .into_iter()
            .map(|(key, old)| if key == name { (key, value.to_owned()) } else { (key, old) })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(changed);
        let answer = fixture.browser.get(&url).await.unwrap();
        assert_eq!((answer.status, answer.location), (StatusCode::BAD_REQUEST, None), "{name}");
    }
    let scope = fixture.authorize(&[("identity_provider", "Vestibule"), ("scope", "openid admin")]).await;
    assert_eq!(scope.location_parameter("error").unwrap(), "invalid_scope");
    let foreign = fixture.authorize(&[("identity_provider", "Google")]).await;
    assert_eq!(foreign.location_parameter("error").unwrap(), "invalid_request");
}
