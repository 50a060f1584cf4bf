use std::time::Duration;

use serde_json::json;
use tonic::Code;
use vestibule_enrichment_service::Config;
use vestibule_kernel::{IdSource as _, PersonId, SystemIds, UserPoolId};
use vestibule_tenancy::{organization, person};

use crate::{
    deployment::{Deployment, eventually},
    event::{federation, sign_in, with},
    store::Gate,
};

fn stranger() -> PersonId {
    PersonId::from_uuid(SystemIds.uuid_v4())
}

/// However long the projection lags behind: here it does so until the end.
#[tokio::test]
async fn a_first_sign_in_that_outruns_the_view_is_found_in_the_log() {
    let mut deployment = Deployment::start().await;
    let organization = deployment.organization().await;
    deployment.connection(organization).await;
    deployment.settle().await;
    deployment.store.stop_readers(Gate::Held).await;

    let ann = deployment.person(organization).await;
    let newcomers = deployment.organization().await;
    let bob = deployment.person(newcomers).await;
    for (organization, person) in [(organization, ann), (newcomers, bob)] {
        let answer = deployment.trigger(&sign_in(person)).await.unwrap().to_string();
        assert!(answer.contains(&format!("\"org_id\":\"{organization}\"")), "{answer}");
    }
    deployment.trigger(&federation(ann)).await.unwrap();
    assert_eq!(deployment.store.let_through(), 1, "one look brought everything, and whom the view knows needs none");

    deployment.store.open();
    deployment.settle().await;
    deployment.trigger(&sign_in(ann)).await.unwrap();
}

/// A pool that was registered a moment ago, for its first event; and a pool of nobody's makes nobody read the log without end.
#[tokio::test]
async fn a_user_pool_that_the_view_does_not_know_yet_is_found_in_the_log() {
    let config = Config { lookups_per_second_max: 1, ..Config::default() };
    let mut deployment = Deployment::start_with(&config).await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    deployment.store.stop_readers(Gate::Held).await;
    // Waiting for the view took some of the allowance.
    deployment.clock.advance(Duration::from_secs(5));
    let native = with(sign_in(ann), "/userName", json!("ann"));
    let of_pool = |pool_id: &str| with(native.clone(), "/userPoolId", json!(pool_id));
    deployment.register_pool(UserPoolId::from_uuid(SystemIds.uuid_v4()), "eu-west-1_New", "Vestibule").await;
    deployment.trigger(&of_pool("eu-west-1_New")).await.unwrap();
    assert_eq!(deployment.store.let_through(), 1);
    for _ in 0..5 {
        assert_eq!(deployment.refused(&of_pool("eu-west-1_Nowhere")).await, "USER_POOL_UNKNOWN");
    }
    assert_eq!(deployment.store.let_through(), 2, "two seconds' worth");
    deployment.trigger(&of_pool("eu-west-1_New")).await.unwrap();
    // Those whom nobody knows have an allowance of their own.
    assert_eq!(deployment.refused(&sign_in(stranger())).await, "PERSON_UNKNOWN");
    assert_eq!(deployment.store.let_through(), 3);
    deployment.store.open();
}

/// Nor does a view that lags behind let anybody in whom the log keeps out.
#[tokio::test]
async fn what_happened_meanwhile_counts_too_when_the_log_is_asked() {
    let mut deployment = Deployment::start().await;
    let organization = deployment.organization().await;
    deployment.settle().await;
    deployment.store.stop_readers(Gate::Held).await;
    let ann = deployment.person(organization).await;
    deployment.change(organization, organization::Suspended { note: "unpaid".to_owned() }).await;
    assert_eq!(deployment.refused(&sign_in(ann)).await, "ORGANIZATION_SUSPENDED");
    deployment.store.open();
}

#[tokio::test]
async fn who_signed_in_again_a_moment_ago_is_not_kept_out() {
    let mut deployment = Deployment::start().await;
    let (organization, ann) = deployment.ann().await;
    let connection = deployment.connection(organization).await;
    let signed_out = person::SignedOut { person: ann, connection, request_digest: None };
    deployment.change_person(organization, ann, signed_out).await;
    deployment.settle().await;
    let refresh = with(sign_in(ann), "/triggerSource", json!("TokenGeneration_RefreshTokens"));
    assert_eq!(deployment.refused(&refresh).await, "PERSON_SIGNED_OUT");
    assert_eq!(deployment.refused(&sign_in(ann)).await, "PERSON_SIGNED_OUT", "Cognito's own session does not count");

    deployment.store.stop_readers(Gate::Held).await;
    deployment.change_person(organization, ann, person::SignedIn { person: ann }).await;
    assert_eq!(deployment.refused(&refresh).await, "PERSON_SIGNED_OUT", "a refresh can wait for the view");
    deployment.trigger(&federation(ann)).await.unwrap();
    deployment.trigger(&sign_in(ann)).await.unwrap();
    deployment.trigger(&refresh).await.unwrap();
    deployment.store.open();
}

#[tokio::test]
async fn a_view_that_does_not_reach_the_end_in_time_lets_nobody_in() {
    let config = Config { lookup_wait_milliseconds: 100, ..Config::default() };
    let mut deployment = Deployment::start_with(&config).await;
    let (organization, ann) = deployment.ann().await;
    deployment.settle().await;
    deployment.store.stop_readers(Gate::Closed).await;
    let late = deployment.person(organization).await;

    let status = deployment.trigger(&sign_in(late)).await.unwrap_err();
    assert_eq!((status.code(), vestibule_rpc::reason_of(&status).as_deref()), (Code::Unavailable, Some("VIEW_STALE")));
    deployment.trigger(&sign_in(ann)).await.unwrap();
    deployment.store.open();
}

#[tokio::test]
async fn strangers_are_not_looked_for_without_end() {
    let config = Config { lookups_per_second_max: 1, ..Config::default() };
    let mut deployment = Deployment::start_with(&config).await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    deployment.store.stop_readers(Gate::Held).await;

    let (first, second) = (stranger(), stranger());
    for unknown in [first, first, first, second] {
        assert_eq!(deployment.refused(&sign_in(unknown)).await, "PERSON_UNKNOWN");
    }
    assert_eq!(deployment.store.let_through(), 2, "each is looked for once");
    let status = deployment.trigger(&sign_in(stranger())).await.unwrap_err();
    assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("LOOKUPS_EXHAUSTED"));
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(deployment.store.let_through(), 2, "the log was not asked");
    deployment.trigger(&sign_in(ann)).await.unwrap();
    assert_eq!(deployment.refused(&sign_in(first)).await, "PERSON_UNKNOWN", "that is known already");

    deployment.clock.advance(Duration::from_secs(1));
    assert_eq!(deployment.refused(&sign_in(stranger())).await, "PERSON_UNKNOWN");
    assert_eq!(deployment.refused(&sign_in(stranger())).await, "LOOKUPS_EXHAUSTED");
    deployment.store.open();
}

/// Those whom the view keeps out use up an allowance of their own.
#[tokio::test]
async fn the_refused_do_not_keep_newcomers_out() {
    let config = Config { lookups_per_second_max: 1, ..Config::default() };
    let mut deployment = Deployment::start_with(&config).await;
    let (organization, ann) = deployment.ann().await;
    let newcomers = deployment.organization().await;
    deployment.change(organization, organization::Suspended { note: "unpaid".to_owned() }).await;
    deployment.settle().await;
    deployment.store.stop_readers(Gate::Held).await;
    for _ in 0..5 {
        assert_eq!(deployment.refused(&sign_in(ann)).await, "ORGANIZATION_SUSPENDED");
    }
    assert_eq!(deployment.store.let_through(), 2);
    let bob = deployment.person(newcomers).await;
    deployment.trigger(&sign_in(bob)).await.unwrap();
    deployment.store.open();
}

#[tokio::test]
async fn a_view_that_is_too_old_lets_nobody_of_ours_in() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    deployment.store.stop_readers(Gate::Severed).await;
    deployment.trigger(&sign_in(ann)).await.unwrap();

    deployment.clock.advance(Duration::from_secs(31));
    let status = deployment.trigger(&sign_in(ann)).await.unwrap_err();
    assert_eq!((status.code(), vestibule_rpc::reason_of(&status).as_deref()), (Code::Unavailable, Some("VIEW_STALE")));
    assert_eq!(status.message(), "temporarily unavailable: retry later", "Cognito may show it");
    let elsewhere = with(sign_in(ann), "/userPoolId", json!("eu-west-1_Nowhere"));
    assert_eq!(deployment.refused(&elsewhere).await, "VIEW_STALE", "the pool may have been registered since");
    let native = with(sign_in(ann), "/userName", json!("ann"));
    assert_eq!(deployment.trigger(&native).await.unwrap(), native, "users of others do not depend on the log");
    assert_eq!(vestibule_host::Service::troubles(&deployment.service.readiness).len(), 1);

    deployment.store.open();
    eventually(async || deployment.trigger(&sign_in(ann)).await.is_ok()).await;
    assert!(vestibule_host::Service::troubles(&deployment.service.readiness).is_empty());
}
