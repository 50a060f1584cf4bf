//! The triggers around a sign-in: their order, and that each can end it.

use serde_json::{Value, json};
use vestibule_sandbox::cognito::{Guard, LambdaConfig, LambdaVersion, TriggerError};

use crate::fixture::{Fixture, part};

fn sources(fixture: &Fixture) -> Vec<String> {
    let mut events = fixture.trigger.events.lock().unwrap();
    events.drain(..).map(|event| event["triggerSource"].as_str().unwrap().to_owned()).collect()
}

async fn start() -> Fixture {
    let fixture = Fixture::start_with(LambdaConfig::every()).await;
    answer(&fixture, "", |_| json!({}));
    fixture
}

/// Answers one trigger, and the others as if nothing were to say.
fn answer(fixture: &Fixture, source: &'static str, answering: impl Fn(&Value) -> Value + Send + Sync + 'static) {
    fixture.answer_trigger(move |event| {
        let is_asked = event["triggerSource"].as_str().unwrap() == source;
        let refusal = || TriggerError::Refused { message: "not here".into() };
        let response = if is_asked { answering(event) } else { json!({}) };
        if response.is_null() { Err(refusal()) } else { Ok(response) }
    });
}

#[tokio::test]
async fn the_triggers_run_in_the_documented_order() {
    let mut fixture = start().await;
    fixture.sign_in().await;
    let first = [
        "InboundFederation_ExternalProvider",
        "PreSignUp_ExternalProvider",
        "PostConfirmation_ConfirmSignUp",
        "TokenGeneration_HostedAuth",
    ];
    assert_eq!(sources(&fixture), first);
    fixture.sign_in().await;
    let later = [
        "InboundFederation_ExternalProvider",
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_HostedAuth",
    ];
    assert_eq!(sources(&fixture), later);
    // The session cookie answers, and only token generation runs.
    fixture.authorize(&[("identity_provider", "Vestibule")]).await;
    assert_eq!(sources(&fixture), ["TokenGeneration_HostedAuth"]);
}

#[tokio::test]
async fn a_pool_calls_only_the_triggers_it_is_configured_with() {
    let guards = vec![Guard::PreSignUp];
    let mut fixture = Fixture::start_with(LambdaConfig { guards, ..LambdaConfig::default() }).await;
    answer(&fixture, "", |_| json!({}));
    fixture.sign_in().await;
    assert_eq!(sources(&fixture), ["PreSignUp_ExternalProvider", "TokenGeneration_HostedAuth"]);
}

#[tokio::test]
async fn who_is_refused_before_sign_up_leaves_no_user_behind() {
    for (source, trigger) in
        [("InboundFederation_ExternalProvider", "InboundFederation"), ("PreSignUp_ExternalProvider", "PreSignUp")]
    {
        let mut fixture = start().await;
        answer(&fixture, source, |_| Value::Null);
        let refused = fixture.federate().await;
        let description = refused.location_parameter("error_description").unwrap();
        assert_eq!(description, format!("{trigger} failed with error not here."));
        let event = fixture.trigger.events.lock().unwrap().last().unwrap().clone();
        let username = event["userName"].as_str().unwrap();
        assert!(fixture.cognito.profile(username).is_none());

        answer(&fixture, "PostConfirmation_ConfirmSignUp", |_| Value::Null);
        assert!(fixture.federate().await.location_parameter("error").is_some());
        assert!(fixture.cognito.profile(username).is_some(), "after sign-up it is too late: a ghost user stays");
    }
}

#[tokio::test]
async fn a_known_user_can_be_refused_before_and_after_authentication() {
    for source in ["PreAuthentication_Authentication", "PostAuthentication_Authentication"] {
        let mut fixture = start().await;
        fixture.sign_in().await;
        answer(&fixture, source, |_| Value::Null);
        assert!(fixture.federate().await.location_parameter("error").is_some(), "{source}");
    }
}

#[tokio::test]
async fn events_hold_what_is_known_at_their_time() {
    let mut fixture = start().await;
    fixture.sign_in().await;
    let events: Vec<Value> = fixture.trigger.events.lock().unwrap().clone();
    let federation = &events[0]["request"];
    assert_eq!((&federation["providerName"], &federation["providerType"]), (&json!("Vestibule"), &json!("OIDC")));
    let id_token = &federation["attributes"]["idToken"];
    assert_eq!(id_token["email_verified"], json!("true"), "values are texts");
    assert_eq!(federation["attributes"]["userInfo"]["sub"], id_token["sub"]);
    assert!(federation["attributes"]["tokenResponse"]["access_token"].is_string());
    let sign_up = &events[1]["request"]["userAttributes"];
    assert!(sign_up.get("sub").is_none() && sign_up.get("identities").is_none() && sign_up.get("email").is_some());
    let confirmation = &events[2]["request"]["userAttributes"];
    assert_eq!(confirmation["cognito:user_status"], json!("EXTERNAL_PROVIDER"));
    assert!(confirmation["identities"].as_str().unwrap().contains("\"providerName\":\"Vestibule\""));
}

#[tokio::test]
async fn what_inbound_federation_says_takes_the_place_of_the_claims() {
    let mut fixture = start().await;
    answer(
        &fixture,
        "InboundFederation_ExternalProvider",
        |_| json!({ "userAttributesToMap": { "name": "Somebody" } }),
    );
    let token = fixture.sign_in().await.id_token();
    assert_eq!((token.get("email"), &token["name"]), (None, &json!("Somebody")));
    answer(&fixture, "InboundFederation_ExternalProvider", |_| json!({ "userAttributesToMap": "x" }));
    let refused = fixture.federate().await;
    assert_eq!(refused.location_parameter("error_description").unwrap(), "Unrecognizable lambda output");
    answer(&fixture, "InboundFederation_ExternalProvider", |_| json!({ "userAttributesToMap": {} }));
    assert!(fixture.sign_in().await.id_token().get("email").is_some(), "an empty one keeps everything");
}

#[tokio::test]
async fn each_version_has_its_event_and_its_answer() {
    for (version, text, container) in [
        (LambdaVersion::V1, "1", "claimsOverrideDetails"),
        (LambdaVersion::V2, "2", "claimsAndScopeOverrideDetails"),
        (LambdaVersion::V3, "3", "claimsAndScopeOverrideDetails"),
    ] {
        let config = LambdaConfig { pre_token_generation: version, guards: Vec::new() };
        let mut fixture = Fixture::start_with(config).await;
        fixture.answer_trigger(|event| {
            let claims = json!({ "claimsToAddOrOverride": { "org_id": "o-1" } });
            Ok(if event["version"] == "1" { claims } else { json!({ "idTokenGeneration": claims }) })
        });
        assert_eq!(fixture.sign_in().await.id_token()["org_id"], json!("o-1"));
        let event = fixture.trigger.events.lock().unwrap()[0].clone();
        assert_eq!((&event["version"], &event["response"]), (&json!(text), &json!({ container: null })));
        assert_eq!(event["request"].get("scopes").is_some(), version != LambdaVersion::V1);
    }
}

/// A client's own token, with these scopes asked for.
async fn of_client(fixture: &Fixture, scope: &[(&str, &str)]) -> (u16, Value) {
    let credentials = [("grant_type", "client_credentials"), ("client_id", "app"), ("client_secret", "app-secret")];
    fixture.token(&[&credentials, scope].concat()).await
}

#[tokio::test]
async fn a_client_gets_a_token_of_its_own_and_only_the_third_version_is_asked() {
    for (version, is_asked) in [(LambdaVersion::V1, false), (LambdaVersion::V2, false), (LambdaVersion::V3, true)] {
        let config = LambdaConfig { pre_token_generation: version, guards: Vec::new() };
        let fixture = Fixture::start_with(config).await;
        fixture.answer_trigger(|_| {
            let claims = json!({ "claimsToAddOrOverride": { "org_id": "o-1" }, "scopesToAdd": ["tenant/o-1"] });
            Ok(json!({ "accessTokenGeneration": claims }))
        });
        let (status, answer) = of_client(&fixture, &[("scope", "api/read")]).await;
        assert_eq!(status, 200, "{answer}");
        let claims = part(answer["access_token"].as_str().unwrap(), 1);
        assert_eq!(
            (&claims["sub"], &claims["client_id"], claims.get("username")),
            (&json!("app"), &json!("app"), None)
        );
        let expected = if is_asked { ("api/read tenant/o-1", Some(&json!("o-1"))) } else { ("api/read", None) };
        assert_eq!((claims["scope"].as_str().unwrap(), claims.get("org_id")), expected);
        assert!(answer.get("id_token").is_none() && answer.get("refresh_token").is_none());
        let events = fixture.trigger.events.lock().unwrap().clone();
        let expected = json!({
            "version": "3",
            "triggerSource": "TokenGeneration_ClientCredentials",
            "region": "eu-west-1",
            "userPoolId": "eu-west-1_Test00001",
            "userName": "ClientCredentials",
            "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "app" },
            "request": {
                "userAttributes": {}, "groupConfiguration": null, "scopes": ["api/read"], "clientMetadata": {},
            },
            "response": { "claimsAndScopeOverrideDetails": null },
        });
        assert_eq!(events, if is_asked { vec![expected] } else { Vec::new() });
    }
}

#[tokio::test]
async fn a_client_asks_for_scopes_of_resource_servers_only_and_may_be_refused() {
    let config = LambdaConfig { pre_token_generation: LambdaVersion::V3, guards: Vec::new() };
    let fixture = Fixture::start_with(config).await;
    for scope in ["openid", "api/read openid", "api/write", "aws.cognito.signin.user.admin"] {
        assert_eq!(of_client(&fixture, &[("scope", scope)]).await.1["error"], "invalid_scope", "{scope}");
    }
    assert_eq!(of_client(&fixture, &[]).await.0, 200, "all of them when none is named");
    fixture.answer_trigger(|_| Err(TriggerError::Refused { message: "suspended".into() }));
    let (status, answer) = of_client(&fixture, &[]).await;
    assert_eq!(status, 400);
    assert!(answer["error_description"].as_str().unwrap().contains("suspended"), "{answer}");
}
