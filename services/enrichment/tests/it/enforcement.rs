//! Every token generation, at a sign-in and at a refresh, is where access ends.

use serde_json::{Value, json};
use tonic::Code;
use vestibule_kernel::{IdSource as _, OrganizationId, PersonId, SystemIds, UserPoolId};
use vestibule_tenancy::{
    claim_policy::{ClaimPolicy, Target},
    connection, organization, person,
};

use crate::{
    deployment::Deployment,
    event::{authentication, federation, sign_in, sign_up, with, with_verified},
};

/// Everything that Cognito asks about a person of ours.
fn events(person: PersonId) -> Vec<Value> {
    let tokens = ["HostedAuth", "Authentication", "NewPasswordChallenge", "AuthenticateDevice", "RefreshTokens"]
        .map(|source| with(sign_in(person), "/triggerSource", json!(format!("TokenGeneration_{source}"))));
    let versions = ["1", "3"].map(|version| with(sign_in(person), "/version", json!(version)));
    let authentications =
        ["PreAuthentication_Authentication", "PostAuthentication_Authentication", "PostConfirmation_ConfirmSignUp"]
            .map(|source| authentication(source, person));
    tokens.into_iter().chain(versions).chain([federation(person), sign_up(person)]).chain(authentications).collect()
}

async fn refused_everywhere(deployment: &Deployment, person: PersonId, reason: &str) {
    for event in events(person) {
        let status = deployment.trigger(&event).await.unwrap_err();
        let source = event["triggerSource"].as_str().unwrap();
        assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some(reason), "{source}");
        assert_eq!(status.code(), Code::PermissionDenied, "{source}");
        assert!(!status.message().contains(&person.to_string()), "Cognito may show it");
    }
}

async fn let_in_everywhere(deployment: &Deployment, person: PersonId) {
    for event in events(person) {
        let answer = deployment.trigger(&event).await;
        assert!(answer.is_ok(), "{} {answer:?}", event["triggerSource"]);
    }
}

#[tokio::test]
async fn a_deactivated_person_gets_nothing_until_reactivated() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let bob = deployment.person(acme).await;
    deployment
        .change_person(acme, ann, person::Deactivated { person: ann, note: "left".to_owned(), directory: None })
        .await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "PERSON_DEACTIVATED").await;
    let_in_everywhere(&deployment, bob).await;

    deployment.change_person(acme, ann, person::Reactivated { person: ann }).await;
    deployment.settle().await;
    let_in_everywhere(&deployment, ann).await;
}

#[tokio::test]
async fn who_turned_out_to_be_somebody_else_gets_nothing() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let same = deployment.person(acme).await;
    let superseded = person::Superseded { person: same, by: ann, released_digest: None };
    deployment.change_person(acme, same, superseded).await;
    deployment.settle().await;
    refused_everywhere(&deployment, same, "PERSON_DEACTIVATED").await;
    let_in_everywhere(&deployment, ann).await;
}

#[tokio::test]
async fn who_signed_out_gets_nothing_until_the_next_sign_in() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let connection = deployment.connection(acme).await;
    deployment.change_person(acme, ann, person::SignedOut { person: ann, connection, request_digest: None }).await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "PERSON_SIGNED_OUT").await;

    deployment.change_person(acme, ann, person::SignedIn { person: ann }).await;
    deployment.settle().await;
    let_in_everywhere(&deployment, ann).await;
}

#[tokio::test]
async fn a_suspended_organization_is_closed_everywhere() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    deployment.change(acme, organization::Suspended { note: "unpaid".to_owned() }).await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "ORGANIZATION_SUSPENDED").await;
    deployment.change(acme, organization::Reinstated {}).await;
    deployment.settle().await;
    let_in_everywhere(&deployment, ann).await;
}

#[tokio::test]
async fn a_disabled_connection_is_closed_for_those_who_came_over_it() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let bob = deployment.person(acme).await;
    let connection = deployment.connection(acme).await;
    let disabled = connection::Disabled { note: "replaced".to_owned() };
    deployment.change_connection(acme, connection, disabled).await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "CONNECTION_DISABLED").await;

    // Over another connection from now on.
    let other = deployment.another_connection(acme).await;
    deployment.change_connection(acme, other, connection::Enabled {}).await;
    let (subject_digest, released_digest) = ("other".to_owned(), Some(ann.to_string()));
    let relinked = person::Relinked { person: ann, connection: other, subject_digest, released_digest };
    deployment.change_person(acme, ann, relinked).await;
    deployment.settle().await;
    let_in_everywhere(&deployment, ann).await;
    refused_everywhere(&deployment, bob, "CONNECTION_DISABLED").await;
}

#[tokio::test]
async fn a_connection_that_never_went_live_lets_nobody_in() {
    let mut deployment = Deployment::start().await;
    let acme = deployment.organization().await;
    let ann = deployment.person(acme).await;
    let other = deployment.another_connection(acme).await;
    let (subject_digest, released_digest) = ("other".to_owned(), Some(ann.to_string()));
    let relinked = person::Relinked { person: ann, connection: other, subject_digest, released_digest };
    deployment.change_person(acme, ann, relinked).await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "CONNECTION_DISABLED").await;
}

#[tokio::test]
async fn a_verified_address_must_be_in_a_domain_that_the_organization_owns_now() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let (corp, _) = deployment.ann().await;
    let domain = deployment.verify_domain(acme, "acme.example", false).await;
    deployment.verify_domain(acme, "acme.test", true).await;
    deployment.verify_domain(corp, "corp.example", true).await;
    deployment.settle().await;

    let with_email = |email: &str| with_verified(sign_in(ann), email);
    for inside in ["ann@acme.example", "Ann@ACME.example.", "ann@mail.acme.test"] {
        deployment.trigger(&with_email(inside)).await.unwrap();
    }
    let outside = [
        "ann@mail.acme.example",
        "ann@corp.example",
        "ann@evil.test",
        "ann@acme.example@corp.example",
        "ann@corp.example,ann@acme.example",
        "Ann <ann@acme.example>",
        "not an address",
    ];
    for outside in outside {
        assert_eq!(deployment.refused(&with_email(outside)).await, "DOMAIN_UNVERIFIED", "{outside}");
        let unverified = with(with_email(outside), "/request/userAttributes/email_verified", json!("false"));
        deployment.trigger(&unverified).await.unwrap();
    }

    deployment.release_domain(acme, domain, "acme.example").await;
    deployment.settle().await;
    let refresh = with(with_email("ann@acme.example"), "/triggerSource", json!("TokenGeneration_RefreshTokens"));
    assert_eq!(deployment.refused(&refresh).await, "DOMAIN_UNVERIFIED");
    deployment.trigger(&sign_in(ann)).await.unwrap();
}

#[tokio::test]
async fn a_foreign_address_is_stopped_before_anything_is_stored() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    deployment.verify_domain(acme, "acme.example", false).await;
    deployment.settle().await;
    for (event, at) in [(federation(ann), "/request/attributes/idToken"), (sign_up(ann), "/request/userAttributes")] {
        for (email, expected) in [("ann@acme.example", None), ("ann@victim.example", Some("DOMAIN_UNVERIFIED"))] {
            let event = with(event.clone(), &format!("{at}/email"), json!(email));
            let event = with(event, &format!("{at}/email_verified"), json!("true"));
            match expected {
                None => drop(deployment.trigger(&event).await.unwrap()),
                Some(reason) => assert_eq!(deployment.refused(&event).await, reason),
            }
        }
    }
}

#[tokio::test]
async fn an_organization_that_lost_all_its_domains_is_closed() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let domain = deployment.verify_domain(acme, "acme.example", false).await;
    deployment.settle().await;
    let_in_everywhere(&deployment, ann).await;
    deployment.release_domain(acme, domain, "acme.example").await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "DOMAIN_UNVERIFIED").await;
    deployment.verify_domain(acme, "acme.test", false).await;
    deployment.settle().await;
    let_in_everywhere(&deployment, ann).await;
}

#[tokio::test]
async fn an_app_client_of_one_organization_is_closed_to_the_others_and_to_it_all_others_are() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let (_, bob) = deployment.ann().await;
    let (user_pool, app_client_id) = (deployment.pool, "acmeclient".to_owned());
    deployment.place(acme, organization::Placement::AppClient { user_pool, app_client_id }).await;
    deployment.settle().await;

    let through = |event: Value, client: &str| with(event, "/callerContext/clientId", json!(client));
    refused_everywhere(&deployment, ann, "APP_CLIENT_NOT_ALLOWED").await;
    for event in events(ann) {
        deployment.trigger(&through(event, "acmeclient")).await.unwrap();
    }
    for event in events(bob) {
        assert_eq!(deployment.refused(&through(event.clone(), "acmeclient")).await, "APP_CLIENT_NOT_ALLOWED");
        deployment.trigger(&event).await.unwrap();
    }
    let nameless = with(sign_in(ann), "/callerContext", json!({}));
    assert_eq!(deployment.refused(&nameless).await, "APP_CLIENT_NOT_ALLOWED");

    deployment.place(acme, organization::Placement::SharedPool { user_pool }).await;
    deployment.settle().await;
    let_in_everywhere(&deployment, ann).await;
    deployment.trigger(&through(sign_in(bob), "acmeclient")).await.unwrap();
}

#[tokio::test]
async fn a_policy_can_close_app_clients() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let (_, bob) = deployment.ann().await;
    let policy = ClaimPolicy { app_clients: vec!["other".to_owned()], ..ClaimPolicy::default() };
    deployment.set_policy(Target::Organization { organization: acme }, policy).await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "APP_CLIENT_NOT_ALLOWED").await;
    let_in_everywhere(&deployment, bob).await;
    deployment.trigger(&with(sign_in(ann), "/callerContext/clientId", json!("other"))).await.unwrap();
}

#[tokio::test]
async fn another_pool_is_closed_everywhere() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let other = UserPoolId::from_uuid(SystemIds.uuid_v4());
    deployment.register_pool(other, "eu-west-1_Other", "Vestibule").await;
    deployment.place(acme, organization::Placement::OwnPool { user_pool: other }).await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "OTHER_USER_POOL").await;
    for event in events(ann) {
        deployment.trigger(&with(event, "/userPoolId", json!("eu-west-1_Other"))).await.unwrap();
    }
}

#[tokio::test]
async fn a_person_of_an_organization_that_was_never_created_is_unknown() {
    let mut deployment = Deployment::start().await;
    let ann = deployment.person(OrganizationId::from_uuid(SystemIds.uuid_v4())).await;
    deployment.settle().await;
    refused_everywhere(&deployment, ann, "PERSON_UNKNOWN").await;
}
