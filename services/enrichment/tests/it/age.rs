use std::time::Duration;

use serde_json::json;
use tonic::Code;
use vestibule_enrichment_service::Config;
use vestibule_kernel::{IdSource as _, PersonId, SystemIds};

use crate::{
    deployment::{Deployment, eventually},
    event::{sign_in, with},
    store::Gate,
};

fn stranger() -> PersonId {
    PersonId::from_uuid(SystemIds.uuid_v4())
}

#[tokio::test]
async fn a_first_sign_in_that_outruns_the_view_is_waited_for() {
    let mut deployment = Deployment::start().await;
    let organization = deployment.organization().await;
    deployment.settle().await;
    deployment.store.stop_readers(Gate::Closed).await;
    let ann = deployment.person(organization).await;
    let heads = deployment.store.heads();

    let (client, event) = (deployment.client.clone(), sign_in(ann).to_string());
    let request = vestibule_rpc::enrichment::v1::HandleTriggerRequest { event_json: event };
    let waiting = tokio::spawn(async move { client.clone().handle_trigger(request).await });
    eventually(async || deployment.store.heads() > heads).await;
    assert!(!waiting.is_finished(), "the view cannot know the person yet");

    deployment.store.open();
    let answer = waiting.await.unwrap().unwrap().into_inner().event_json;
    assert!(answer.contains(&format!("\"org_id\":\"{organization}\"")), "{answer}");
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

    let reasons = [deployment.refused(&sign_in(stranger())).await, deployment.refused(&sign_in(stranger())).await];
    assert_eq!(reasons, ["PERSON_UNKNOWN", "PERSON_UNKNOWN"]);
    let heads = deployment.store.heads();
    let status = deployment.trigger(&sign_in(stranger())).await.unwrap_err();
    assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("LOOKUPS_EXHAUSTED"));
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(deployment.store.heads(), heads, "the log was not asked");
    deployment.trigger(&sign_in(ann)).await.unwrap();

    deployment.clock.advance(Duration::from_secs(1));
    assert_eq!(deployment.refused(&sign_in(stranger())).await, "PERSON_UNKNOWN");
    assert_eq!(deployment.refused(&sign_in(stranger())).await, "LOOKUPS_EXHAUSTED");
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
