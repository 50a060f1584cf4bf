use serde_json::{Value, json};
use tonic::Code;
use vestibule_lambda_simulator::Lambda;

use crate::{
    event,
    service::{Act, Enrichment},
    started,
};

async fn function(pool: &str) -> (Enrichment, Lambda) {
    let (service, address) = Enrichment::start().await;
    let url = format!("http://{address}");
    let function = started(&[
        ("VESTIBULE_ENRICHMENT_URL", &url),
        ("VESTIBULE_FAIL_OPEN_POOLS", pool),
        ("VESTIBULE_ORGANIZATION_CLAIMS", "org_id,tenant_id"),
    ])
    .await;
    (service, function)
}

fn stale() -> [Act; 2] {
    [Act::Refuse(Code::Unavailable, Some("VIEW_STALE")), Act::Refuse(Code::Unavailable, Some("VIEW_STALE"))]
}

fn suppressed() -> Value {
    let claims = ["org_id", "tenant_id", "cognito:groups", "custom:org_id", "custom:tier"];
    json!({"claimsAndScopeOverrideDetails": {
        "idTokenGeneration": {"claimsToSuppress": claims},
        "accessTokenGeneration": {
            "claimsToSuppress": claims,
            "scopesToSuppress": ["aws.cognito.signin.user.admin", "tenant/acme"],
        },
        "groupOverrideDetails": {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": null},
    }})
}

#[tokio::test]
async fn a_pool_that_wants_it_gets_tokens_without_any_trace_of_an_organization_and_they_are_counted() {
    let (service, mut function) = function(event::POOL).await;
    service.then(stale());
    let mut expected = event::tokens();
    expected["response"] = suppressed();
    assert_eq!(function.invoke(event::tokens()).await.json(), expected);

    let log = function.log();
    assert_eq!(log.len(), 1);
    let line = &log[0];
    assert_eq!((&line["outcome"], &line["reason"]), (&json!("FailedOpen"), &json!("Unavailable")));
    assert_eq!((&line["userPoolId"], &line["attempts"]), (&json!(event::POOL), &json!(2)));
    let metric = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(metric["Metrics"], json!([{"Name": "Triggers", "Unit": "Count"}]));
    assert_eq!(metric["Dimensions"], json!([["outcome"]]));
}

#[tokio::test]
async fn it_is_open_too_when_the_service_hangs() {
    let (service, mut function) = function(event::POOL).await;
    service.then([Act::Hang]);
    assert_eq!(function.invoke(event::tokens()).await.json()["response"], suppressed());
}

#[tokio::test]
async fn what_the_service_does_not_answer_yet_follows_the_pools_wish() {
    let refused = |reason| [Act::Refuse(Code::InvalidArgument, Some(reason))];
    let unsupported = || refused("TRIGGER_UNSUPPORTED");
    let confirmed = event::of("1", "PostConfirmation_ConfirmSignUp", &json!({"userAttributes": {"sub": "s"}}));
    let challenge = event::of("1", "DefineAuthChallenge_Authentication", &json!({"session": []}));

    let (service, mut function) = self::function(event::POOL).await;
    service.then(unsupported());
    assert_eq!(function.invoke(&confirmed).await.json(), confirmed);
    service.then(refused("TRIGGER_VERSION_UNSUPPORTED"));
    assert_eq!(function.invoke(&confirmed).await.json(), confirmed);
    service.then(unsupported());
    assert_eq!(function.invoke(&challenge).await.error().0, "TriggerUnsupported", "no answer is no proof");
    assert_eq!(service.got().len(), 3, "asking again would not help");

    let (service, mut function) = self::function("eu-west-1_Other").await;
    service.then(unsupported());
    assert_eq!(function.invoke(&confirmed).await.error().0, "TriggerUnsupported");
}

#[tokio::test]
async fn other_pools_stay_closed() {
    let (service, mut function) = function("eu-west-1_Other").await;
    service.then(stale());
    assert_eq!(function.invoke(event::tokens()).await.error().0, "Unavailable");
    assert_eq!(function.log()[0]["outcome"], "Unavailable");
}

#[tokio::test]
async fn a_refusal_is_never_open() {
    let (service, mut function) = function(event::POOL).await;
    for (code, reason) in [
        (Code::PermissionDenied, Some("ORGANIZATION_SUSPENDED")),
        (Code::PermissionDenied, Some("PERSON_UNKNOWN")),
        (Code::NotFound, Some("USER_POOL_UNKNOWN")),
        (Code::InvalidArgument, Some("TRIGGER_MALFORMED")),
        (Code::ResourceExhausted, Some("LOOKUPS_EXHAUSTED")),
        (Code::Unauthenticated, None),
        (Code::Internal, None),
        (Code::Unknown, None),
    ] {
        service.then([Act::Refuse(code, reason)]);
        assert_eq!(function.invoke(event::tokens()).await.error().0, "Refused", "{code:?} {reason:?}");
    }
}
