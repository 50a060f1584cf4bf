//! Cognito as issuer: the trigger, the two tokens, the grants.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use serde_json::{Value, json};
use vestibule_sandbox::cognito::TriggerError;

use crate::fixture::{Fixture, NOW, code_form, part};

#[tokio::test]
async fn the_event_has_the_shape_of_version_2() {
    let mut fixture = Fixture::start().await;
    let token = fixture.sign_in().await.id_token();
    let events = fixture.trigger.events.lock().unwrap();
    let identities = format!(
        "[{{\"userId\":\"P-1\",\"providerName\":\"Vestibule\",\"providerType\":\"OIDC\",\"issuer\":null,\
         \"primary\":true,\"dateCreated\":{}}}]",
        NOW * 1000
    );
    let expected = json!({
        "version": "2",
        "triggerSource": "TokenGeneration_HostedAuth",
        "region": "eu-west-1",
        "userPoolId": "eu-west-1_Test00001",
        "userName": "vestibule_p-1",
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "app" },
        "request": {
            "userAttributes": {
                "sub": token["sub"],
                "cognito:user_status": "EXTERNAL_PROVIDER",
                "identities": identities,
                "email": "ada@acme.test",
                "email_verified": "true",
                "given_name": "Ada",
                "name": "Ada Lovelace",
            },
            "scopes": ["openid", "email", "api/read"],
            "groupConfiguration": {
                "groupsToOverride": ["eu-west-1_Test00001_Vestibule"],
                "iamRolesToOverride": [],
                "preferredRole": null,
            },
        },
        "response": { "claimsAndScopeOverrideDetails": null },
    });
    assert_eq!(events[0], expected);
}

#[tokio::test]
async fn the_trigger_puts_the_organization_into_both_tokens_and_changes_nothing_reserved() {
    let mut fixture = Fixture::start().await;
    fixture.answer_trigger(|_| {
        let add = json!({ "org_id": "o-1", "sub": "x", "iss": "x", "client_id": "x", "username": "x" });
        let token = json!({ "claimsToAddOrOverride": add, "scopesToAdd": ["api/read"], "scopesToSuppress": ["email"] });
        Ok(json!({ "idTokenGeneration": token, "accessTokenGeneration": token, "groupOverrideDetails": {} }))
    });
    let tokens = fixture.sign_in().await;
    let (id, access) = (tokens.id_token(), tokens.access_token());
    assert_eq!((&id["org_id"], &access["org_id"]), (&json!("o-1"), &json!("o-1")));
    let issuer = fixture.cognito.config().issuer();
    for token in [&id, &access] {
        assert_eq!(token["iss"], issuer.as_str());
        assert_eq!(token["sub"], fixture.cognito.profile("vestibule_p-1").unwrap().sub.as_str());
        assert_eq!(token.get("cognito:groups"), None, "an empty groupOverrideDetails suppresses the groups");
    }
    assert_eq!((&access["client_id"], &access["username"]), (&json!("app"), &json!("vestibule_p-1")));
    assert_eq!((&access["scope"], access.get("aud")), (&json!("openid api/read"), None));
    assert_eq!((&id["aud"], &id["nonce"]), (&json!("app"), &json!("app-nonce")));
    assert_eq!(id["identities"][0]["primary"], "true", "strings in the token, unlike in the event");
}

#[tokio::test]
async fn two_keys_sign_and_the_set_verifies_both() {
    let mut fixture = Fixture::start().await;
    let tokens = fixture.sign_in().await;
    let issuer = fixture.cognito.config().issuer();
    let jwks = fixture.browser.get(&format!("{issuer}/.well-known/jwks.json").parse().unwrap()).await.unwrap();
    let jwks: JwkSet = serde_json::from_str(&jwks.body).unwrap();
    let mut kids = Vec::new();
    for name in ["id_token", "access_token"] {
        let token = tokens.0[name].as_str().unwrap();
        let kid = part(token, 0)["kid"].as_str().unwrap().to_owned();
        let key = DecodingKey::from_jwk(jwks.find(&kid).unwrap()).unwrap();
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_issuer(&[&issuer]);
        (rules.validate_exp, rules.validate_aud) = (false, false);
        decode::<Value>(token, &key, &rules).unwrap();
        kids.push(kid);
    }
    assert_ne!(kids[0], kids[1]);
    let discovery = format!("{issuer}/.well-known/openid-configuration").parse().unwrap();
    let discovery: Value = serde_json::from_str(&fixture.browser.get(&discovery).await.unwrap().body).unwrap();
    assert_eq!(discovery["issuer"], issuer.as_str());
}

#[tokio::test]
async fn a_trigger_that_says_no_is_told_to_the_application() {
    let mut fixture = Fixture::start().await;
    fixture.answer_trigger(|_| Err(TriggerError::Refused { message: "organization is suspended".into() }));
    let answer = fixture.federate().await;
    assert_eq!(answer.location_parameter("error").unwrap(), "invalid_request");
    let description = answer.location_parameter("error_description").unwrap();
    assert_eq!(description, "PreTokenGeneration failed with error organization is suspended.");
    fixture.answer_trigger(|_| Ok(json!({ "idTokenGeneration": "nonsense" })));
    let answer = fixture.federate().await;
    assert!(answer.location_parameter("error_description").unwrap().starts_with("Invalid lambda function output"));
}

#[tokio::test]
async fn refreshing_asks_the_trigger_again_which_may_say_no() {
    let mut fixture = Fixture::start().await;
    let tokens = fixture.sign_in().await;
    let refresh_token = tokens.0["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("client_secret", "app-secret"),
        ("refresh_token", refresh_token),
    ];
    fixture.clock.advance(Duration::from_hours(2));
    fixture.answer_trigger(|event| {
        assert_eq!(event["triggerSource"], "TokenGeneration_RefreshTokens");
        Ok(json!({ "idTokenGeneration": { "claimsToAddOrOverride": { "org_id": "o-2" } } }))
    });
    let (status, body) = fixture.token(&form).await;
    assert_eq!((status, body.get("refresh_token")), (200, None), "{body}");
    let refreshed = part(body["id_token"].as_str().unwrap(), 1);
    assert_eq!((&refreshed["org_id"], &refreshed["auth_time"]), (&json!("o-2"), &json!(NOW)));
    assert_eq!(refreshed["origin_jti"], tokens.id_token()["origin_jti"]);
    fixture.answer_trigger(|_| Err(TriggerError::Refused { message: "deactivated".into() }));
    let (status, body) = fixture.token(&form).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_code_is_redeemed_once_by_its_client_with_its_proof() {
    let mut fixture = Fixture::start().await;
    let code = fixture.federate().await.location_parameter("code").unwrap();
    let wrong = [
        ("client_secret", "guess", "invalid_client"),
        ("redirect_uri", "http://localhost:1/other", "invalid_grant"),
        ("code_verifier", "guess", "invalid_grant"),
        ("code", "guess", "invalid_grant"),
    ];
    for (name, value, error) in wrong {
        let form = code_form(&code).map(|(key, good)| if key == name { (key, value) } else { (key, good) });
        let (status, body) = fixture.token(&form).await;
        assert_eq!((status, &body["error"]), (400, &json!(error)), "{name}");
    }
    fixture.redeem(&code).await;
    let (status, body) = fixture.token(&code_form(&code)).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
    let late = fixture.federate().await.location_parameter("code").unwrap();
    fixture.clock.advance(Duration::from_mins(5));
    assert_eq!(fixture.token(&code_form(&late)).await.0, 400);
}
