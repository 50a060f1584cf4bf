use serde_json::{Value, json};
use tonic::Code;
use vestibule_kernel::{IdSource as _, SystemIds, UserPoolId};
use vestibule_tenancy::organization;

use crate::{
    deployment::Deployment,
    event::{sign_in, with},
};

#[tokio::test]
async fn a_suspended_organization_gets_no_tokens_also_at_a_refresh() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let (_, bob) = deployment.ann().await;
    deployment.change(acme, organization::Suspended { note: "unpaid".to_owned() }).await;
    deployment.settle().await;

    for source in ["TokenGeneration_HostedAuth", "TokenGeneration_RefreshTokens"] {
        let status = deployment.trigger(&with(sign_in(ann), "/triggerSource", json!(source))).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("ORGANIZATION_SUSPENDED"));
        assert_eq!(status.message(), "the organization is suspended", "Cognito may show it, so it says no more");
    }
    deployment.trigger(&sign_in(bob)).await.unwrap();

    deployment.change(acme, organization::Reinstated {}).await;
    deployment.settle().await;
    deployment.trigger(&sign_in(ann)).await.unwrap();
}

#[tokio::test]
async fn an_organization_that_moved_to_another_pool_gets_no_tokens_here() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let other = UserPoolId::from_uuid(SystemIds.uuid_v4());
    deployment.register_pool(other, "eu-west-1_Other", "Vestibule").await;
    let placement = Some(organization::Placement::SharedPool { user_pool: other });
    deployment.change(acme, organization::Updated { placement, ..organization::Updated::default() }).await;
    deployment.settle().await;

    assert_eq!(deployment.refused(&sign_in(ann)).await, "OTHER_USER_POOL");
    deployment.trigger(&with(sign_in(ann), "/userPoolId", json!("eu-west-1_Other"))).await.unwrap();
}

#[tokio::test]
async fn other_triggers_and_versions_are_unsupported() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    let unsupported = [
        ("/version", json!("4"), "TRIGGER_VERSION_UNSUPPORTED"),
        ("/version", json!("0"), "TRIGGER_VERSION_UNSUPPORTED"),
        ("/version", json!(300), "TRIGGER_VERSION_UNSUPPORTED"),
        ("/triggerSource", json!("TokenGeneration_ClientCredentials"), "TRIGGER_VERSION_UNSUPPORTED"),
        ("/triggerSource", json!("PreSignUp_ExternalProvider"), "TRIGGER_VERSION_UNSUPPORTED"),
        ("/triggerSource", json!("UserMigration_Authentication"), "TRIGGER_UNSUPPORTED"),
        ("/triggerSource", json!("CustomMessage_SignUp"), "TRIGGER_UNSUPPORTED"),
        ("/triggerSource", json!("Future_Trigger"), "TRIGGER_UNSUPPORTED"),
    ];
    for (pointer, value, reason) in unsupported {
        let status = deployment.trigger(&with(sign_in(ann), pointer, value.clone())).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some(reason), "{value}");
    }
}

#[tokio::test]
async fn malformed_events_are_refused_and_nothing_in_them_is_told_back() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    let malformed = [
        ("/version", json!([])),
        ("/triggerSource", json!(null)),
        ("/userPoolId", json!({})),
        ("/userName", json!(7)),
        ("/userName", json!("")),
        ("/request", json!([])),
        ("/request", json!(null)),
        ("/request/userAttributes", json!([])),
        ("/request/userAttributes", json!("ann@acme.example")),
        ("/response", json!("ann@acme.example")),
        ("/request/scopes", json!({})),
        ("/request/scopes", json!([7])),
        ("/request/groupConfiguration", json!([])),
        ("/request/groupConfiguration/groupsToOverride", json!({})),
        ("/callerContext", json!([])),
        ("/callerContext/clientId", json!(7)),
        ("/response", json!([1])),
        ("/response/claimsAndScopeOverrideDetails", json!("ann@acme.example")),
    ];
    for (pointer, value) in malformed {
        let status = deployment.trigger(&with(sign_in(ann), pointer, value.clone())).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{pointer} {value}");
        assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("TRIGGER_MALFORMED"), "{pointer} {value}");
        let told = format!("{} {:?}", status.message(), vestibule_rpc::field_violations(&status));
        assert!(!told.contains("acme") && !told.contains(&ann.to_string()), "{told}");
    }
    for text in ["", "null", "[]", "{", "\u{0}", "{\"version\":\"2\",\"version\":\"2\"}"] {
        let status = deployment.send(text.to_owned()).await.unwrap_err();
        assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("TRIGGER_MALFORMED"), "{text}");
    }
    for identities in [json!("nonsense"), json!("{}"), json!([{"userId": 7}]), json!({"userId": "x"})] {
        let event = with(sign_in(ann), "/request/userAttributes/identities", identities);
        assert_eq!(deployment.refused(&event).await, "IDENTITIES_MALFORMED");
    }
    for nothing in [json!(null), json!([]), json!({})] {
        deployment.trigger(&with(sign_in(ann), "/response", nothing.clone())).await.unwrap();
        deployment.trigger(&with(sign_in(ann), "/response/claimsAndScopeOverrideDetails", nothing)).await.unwrap();
    }
}

#[tokio::test]
async fn an_oversized_event_is_refused() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    let padded = |bytes: usize| {
        let mut event = sign_in(ann);
        event["request"]["userAttributes"]["custom:x"] = Value::from("x".repeat(bytes - event.to_string().len()));
        event
    };
    deployment.trigger(&padded(256 * 1024 - 100)).await.unwrap();
    assert_eq!(deployment.refused(&padded(256 * 1024 + 100)).await, "TRIGGER_TOO_LARGE");
    assert_eq!(deployment.trigger(&padded(1024 * 1024)).await.unwrap_err().code(), Code::OutOfRange);
}
