//! Users whom a pool holds itself, and who were made persons by an operator.

use serde_json::{Value, json};
use vestibule_kernel::{IdSource as _, OrganizationId, PersonId, SystemIds, UserPoolId};
use vestibule_tenancy::{organization, person};

use crate::{
    deployment::Deployment,
    event::{event, sign_in, with, with_verified},
};

const SUB: &str = "33ba4a1e-9f0c-7b3e-8a37-0a1b2c3d4e5f";

/// A native user's sign-in.
fn native(person: PersonId) -> Value {
    let mut event = with(sign_in(person), "/userName", json!("eve"));
    event["request"]["userAttributes"] =
        json!({"sub": SUB, "cognito:user_status": "CONFIRMED", "email": "eve@gmail.example", "email_verified": "true"});
    event
}

async fn linked(deployment: &mut Deployment) -> (OrganizationId, PersonId) {
    let organization = deployment.organization().await;
    let eve = PersonId::from_uuid(SystemIds.uuid_v4());
    let user_pool = deployment.pool;
    let linked = person::NativeUserLinked { person: eve, organization, user_pool, native_user: SUB.to_owned() };
    deployment.change_person(organization, eve, linked).await;
    deployment.settle().await;
    (organization, eve)
}

#[tokio::test]
async fn a_linked_native_user_gets_the_organization_and_an_unlinked_one_loses_it() {
    let mut deployment = Deployment::start().await;
    let (organization, eve) = linked(&mut deployment).await;
    let answer = deployment.trigger(&native(eve)).await.unwrap().to_string();
    assert!(answer.contains(&format!("\"org_id\":\"{organization}\"")), "{answer}");
    for source in ["PreAuthentication_Authentication", "PostConfirmation_ConfirmSignUp"] {
        let request = json!({"userAttributes": {"sub": SUB, "cognito:user_status": "CONFIRMED"}});
        deployment.trigger(&event(source, "eve", &request)).await.unwrap();
    }

    let user_pool = deployment.pool;
    let unlinked = person::NativeUserUnlinked { person: eve, user_pool, native_user: SUB.to_owned() };
    deployment.change_person(organization, eve, unlinked).await;
    deployment.settle().await;
    assert_eq!(deployment.trigger(&native(eve)).await.unwrap(), native(eve));
}

#[tokio::test]
async fn what_closes_an_organization_or_a_person_closes_native_users_too() {
    let mut deployment = Deployment::start().await;
    let (organization, eve) = linked(&mut deployment).await;
    let request = json!({"userAttributes": {"sub": SUB, "cognito:user_status": "CONFIRMED"}});
    let authentication = event("PreAuthentication_Authentication", "eve", &request);

    deployment.change(organization, organization::Suspended { note: "unpaid".to_owned() }).await;
    deployment.settle().await;
    assert_eq!(deployment.refused(&native(eve)).await, "ORGANIZATION_SUSPENDED");
    assert_eq!(deployment.refused(&authentication).await, "ORGANIZATION_SUSPENDED");
    let confirmation = with(authentication.clone(), "/triggerSource", json!("PostConfirmation_ConfirmSignUp"));
    assert_eq!(deployment.trigger(&confirmation).await.unwrap(), confirmation, "that signs nobody in");
    deployment.change(organization, organization::Reinstated {}).await;

    let deactivated = person::Deactivated { person: eve, note: "left".to_owned(), directory: None };
    deployment.change_person(organization, eve, deactivated).await;
    deployment.settle().await;
    assert_eq!(deployment.refused(&native(eve)).await, "PERSON_DEACTIVATED");
    deployment.change_person(organization, eve, person::Reactivated { person: eve }).await;

    let (user_pool, app_client_id) = (deployment.pool, "acmeclient".to_owned());
    deployment.place(organization, organization::Placement::AppClient { user_pool, app_client_id }).await;
    deployment.settle().await;
    assert_eq!(deployment.refused(&native(eve)).await, "APP_CLIENT_NOT_ALLOWED");
    deployment.trigger(&with(native(eve), "/callerContext/clientId", json!("acmeclient"))).await.unwrap();
}

#[tokio::test]
async fn a_native_user_is_one_of_one_pool_by_the_sub_alone() {
    let mut deployment = Deployment::start().await;
    let (_, eve) = linked(&mut deployment).await;
    let other = UserPoolId::from_uuid(SystemIds.uuid_v4());
    deployment.register_pool(other, "eu-west-1_Other", "Vestibule").await;
    deployment.settle().await;
    let elsewhere = with(native(eve), "/userPoolId", json!("eu-west-1_Other"));
    assert_eq!(deployment.trigger(&elsewhere).await.unwrap(), elsewhere);
    for (pointer, value) in [
        ("/request/userAttributes/sub", json!("33ba4a1e-9f0c-7b3e-8a37-0a1b2c3d4e60")),
        ("/request/userAttributes/sub", json!("")),
        ("/request/userAttributes/sub", json!(7)),
        // Whoever was one of ours once, or is called so, is no native user, whatever the sub says.
        ("/userName", json!(format!("vestibule_{eve}"))),
        ("/userName", json!("vestibule_eve")),
    ] {
        let event = with(native(eve), pointer, value.clone());
        assert_eq!(deployment.trigger(&event).await.unwrap(), event, "{pointer} {value}");
    }
    let external = with(native(eve), "/request/userAttributes/cognito:user_status", json!("EXTERNAL_PROVIDER"));
    assert_eq!(deployment.trigger(&external).await.unwrap(), external);
}

/// With `AdminLinkProviderForUser`, whoever signs in at the provider gets the tokens of the native user.
#[tokio::test]
async fn a_native_user_with_an_identity_of_ours_gets_no_organization() {
    let mut deployment = Deployment::start().await;
    let (_, eve) = linked(&mut deployment).await;
    let mallory = PersonId::from_uuid(SystemIds.uuid_v4());
    let mut event = native(eve);
    for (provider, identity) in [("Vestibule", mallory), ("vestibule", mallory), ("Vestibule", eve)] {
        let identities = json!([
            {"userId": "1", "providerName": "Google", "primary": false},
            {"userId": identity.to_string(), "providerName": provider, "primary": false},
        ]);
        event["request"]["userAttributes"]["identities"] = json!(identities.to_string());
        assert_eq!(deployment.trigger(&event).await.unwrap(), event, "{provider} {identity}");
    }
    event["request"]["userAttributes"]["identities"] = json!("x");
    assert_eq!(deployment.refused(&event).await, "IDENTITIES_MALFORMED");
    event["request"]["userAttributes"]["identities"] = json!(r#"[{"userId":"1","providerName":"Google"}]"#);
    assert!(deployment.trigger(&event).await.unwrap().to_string().contains("\"org_id\""));
}

#[tokio::test]
async fn one_person_may_be_both() {
    let mut deployment = Deployment::start().await;
    let (organization, ann) = deployment.ann().await;
    deployment.verify_domain(organization, "acme.example", false).await;
    let user_pool = deployment.pool;
    let linked = person::NativeUserLinked { person: ann, organization, user_pool, native_user: SUB.to_owned() };
    deployment.change_person(organization, ann, linked).await;
    deployment.settle().await;
    deployment.trigger(&with_verified(sign_in(ann), "ann@acme.example")).await.unwrap();
    let answer = deployment.trigger(&native(ann)).await.unwrap().to_string();
    assert!(answer.contains(&organization.to_string()), "no identity provider vouches for that address: {answer}");
}
