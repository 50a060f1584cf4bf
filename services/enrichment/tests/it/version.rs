//! Each version of the trigger, and what policies make of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vestibule_kernel::{OrganizationId, PersonId};
use vestibule_tenancy::{
    claim_policy::{Attribute, Budget, ClaimPolicy, ClaimRule, ClaimSource, Groups, Target},
    organization, person,
};

use crate::{
    deployment::Deployment,
    event::{POOL_ID, sign_in, with},
};

const ADMIN_SCOPE: &str = "aws.cognito.signin.user.admin";

fn policy() -> ClaimPolicy {
    let from = |attribute| ClaimRule { source: Some(ClaimSource::From(attribute)), tokens: None };
    let seats = ClaimRule { source: Some(ClaimSource::Constant(json!(5))), tokens: None };
    ClaimPolicy {
        claims: BTreeMap::from([
            ("roles".to_owned(), from(Attribute::PersonRoles)),
            ("seats".to_owned(), seats),
            ("tier".to_owned(), from(Attribute::OrganizationTier)),
        ]),
        scopes: vec!["tenant/{organization.id}".to_owned()],
        groups: Groups { mode: None, template: Some("{organization.id}:{role}".to_owned()) },
        ..ClaimPolicy::default()
    }
}

async fn with_policy(policy: ClaimPolicy, roles: &[&str]) -> (Deployment, OrganizationId, PersonId) {
    let mut deployment = Deployment::start().await;
    let (organization, ann) = deployment.ann().await;
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    deployment.change_person(organization, ann, person::RolesChanged { person: ann, roles, directory: None }).await;
    deployment.set_policy(Target::UserPool { user_pool: deployment.pool }, policy).await;
    deployment.settle().await;
    (deployment, organization, ann)
}

#[tokio::test]
async fn versions_two_and_three_reach_both_tokens_scopes_and_groups() {
    let (deployment, organization, ann) = with_policy(policy(), &["admin", "owner"]).await;
    let own = "eu-west-1_AbCd12345_Vestibule";
    let claims = json!({"org_id": organization.to_string(), "roles": ["admin", "owner"], "seats": 5, "tier": "gold"});
    let expected = json!({"claimsAndScopeOverrideDetails": {
        "idTokenGeneration": {"claimsToAddOrOverride": claims, "claimsToSuppress": ["custom:org_id"]},
        "accessTokenGeneration": {
            "claimsToAddOrOverride": claims,
            "scopesToAdd": [format!("tenant/{organization}")],
            "scopesToSuppress": [ADMIN_SCOPE],
        },
        "groupOverrideDetails": {
            "groupsToOverride": [own, format!("{organization}:admin"), format!("{organization}:owner")],
            "iamRolesToOverride": [],
            "preferredRole": null,
        },
    }});
    for version in ["2", "3"] {
        let event = with(sign_in(ann), "/version", json!(version));
        let answer = deployment.trigger(&event).await.unwrap();
        assert_eq!(answer, with(event, "/response", expected.clone()));
    }
}

#[tokio::test]
async fn version_one_has_texts_for_the_id_token_and_groups() {
    let (deployment, organization, ann) = with_policy(policy(), &["admin", "owner"]).await;
    let mut event = with(sign_in(ann), "/version", json!("1"));
    event["response"] = json!({"claimsOverrideDetails": null});
    event["request"].as_object_mut().unwrap().remove("scopes");
    let answer = deployment.trigger(&event).await.unwrap();
    let details = answer["response"]["claimsOverrideDetails"].clone();
    let claims = json!({"org_id": organization.to_string(), "roles": "admin owner", "seats": "5", "tier": "gold"});
    assert_eq!(details["claimsToAddOrOverride"], claims);
    assert_eq!(details["claimsToSuppress"], json!(["custom:org_id"]));
    assert_eq!(details["groupOverrideDetails"]["groupsToOverride"].as_array().unwrap().len(), 3);
    assert_eq!(details.as_object().unwrap().len(), 3);
    assert_eq!(answer["response"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn too_many_roles_become_a_reference() {
    let budget = Budget { roles: Some(2), ..Budget::default() };
    let (deployment, organization, ann) = with_policy(ClaimPolicy { budget, ..policy() }, &["a", "b", "c"]).await;
    let answer = deployment.trigger(&sign_in(ann)).await.unwrap();
    let claims = &answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]["claimsToAddOrOverride"];
    assert_eq!(claims["roles_ref"], json!(format!("organizations/{organization}/persons/{ann}")));
    assert!(claims.get("roles").is_none());
}

#[tokio::test]
async fn more_than_cognito_takes_is_never_sent() {
    let (deployment, organization, ann) = with_policy(policy(), &["admin"]).await;
    let many = |count: usize| (0..count).map(|number| Value::from(format!("s{number}"))).collect::<Value>();
    let event = with(sign_in(ann), "/request/scopes", many(4_938));
    let answer = deployment.trigger(&event).await.unwrap();
    let claims = &answer["response"]["claimsAndScopeOverrideDetails"]["idTokenGeneration"]["claimsToAddOrOverride"];
    assert_eq!(claims, &json!({"org_id": organization.to_string()}), "only the organization is left");
    let event = with(sign_in(ann), "/request/scopes", many(5_000));
    assert_eq!(deployment.refused(&event).await, "CLAIMS_TOO_MANY");
}

/// A client's own token.
fn client(client_id: &str) -> Value {
    json!({
        "version": "3",
        "triggerSource": "TokenGeneration_ClientCredentials",
        "region": "eu-west-1",
        "userPoolId": POOL_ID,
        "userName": "ClientCredentials",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
        "request": {"userAttributes": {}, "groupConfiguration": null, "scopes": ["api/read"], "clientMetadata": {}},
        "response": {"claimsAndScopeOverrideDetails": null},
    })
}

#[tokio::test]
async fn a_client_of_one_organization_gets_its_claims_and_any_other_none() {
    let (mut deployment, organization, _) = with_policy(policy(), &[]).await;
    let (user_pool, app_client_id) = (deployment.pool, "acmeclient".to_owned());
    deployment.place(organization, organization::Placement::AppClient { user_pool, app_client_id }).await;
    deployment.settle().await;

    let answer = deployment.trigger(&client("acmeclient")).await.unwrap();
    let details = &answer["response"]["claimsAndScopeOverrideDetails"];
    let claims = json!({"org_id": organization.to_string(), "seats": 5, "tier": "gold"});
    assert_eq!(details["accessTokenGeneration"]["claimsToAddOrOverride"], claims);
    assert_eq!(details["accessTokenGeneration"]["scopesToAdd"], json!([format!("tenant/{organization}")]));
    assert_eq!(details["idTokenGeneration"]["claimsToAddOrOverride"], json!({}));
    assert!(details.get("groupOverrideDetails").is_none());
    let other = client("other");
    assert_eq!(deployment.trigger(&other).await.unwrap(), other);

    deployment.change(organization, organization::Suspended { note: "unpaid".to_owned() }).await;
    deployment.settle().await;
    assert_eq!(deployment.refused(&client("acmeclient")).await, "ORGANIZATION_SUSPENDED");
}

#[tokio::test]
async fn a_user_does_not_pass_for_a_client() {
    let (mut deployment, organization, ann) = with_policy(policy(), &[]).await;
    let (user_pool, app_client_id) = (deployment.pool, "acmeclient".to_owned());
    deployment.place(organization, organization::Placement::AppClient { user_pool, app_client_id }).await;
    deployment.settle().await;
    let mut event = client("acmeclient");
    event["request"]["userAttributes"] = sign_in(ann)["request"]["userAttributes"].clone();
    assert_eq!(deployment.refused(&event).await, "IDENTITY_CONTRADICTORY");
    let event = with(client("acmeclient"), "/triggerSource", json!("TokenGeneration_HostedAuth"));
    assert_eq!(deployment.trigger(&event).await.unwrap(), event, "nobody, so nobody's organization");
}
