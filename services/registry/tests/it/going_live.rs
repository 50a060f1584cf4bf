//! What must be so before people sign in is so when they may, or somebody has said why not.

use tonic::Code;
use vestibule_rpc::registry::v1::{
    DeleteDomainRequest, EnableConnectionRequest, SamlSettings,
    onboarding::State,
    onboarding_step::{State as StepState, Step},
};

use crate::{
    onboarding::{TEST, open},
    registry::{Registry, assert_field, assert_refused, identity_provider},
};

#[tokio::test]
async fn nobody_goes_live_with_a_step_missing_unless_somebody_says_why() {
    let registry = Registry::start().await;
    let (_, connection) = registry.newcomer().await;
    let status =
        assert_refused(registry.enable(&connection.name, "").await, Code::FailedPrecondition, "ONBOARDING_INCOMPLETE");
    for words in
        ["domain_verified (the application", "mapping_reviewed (the operator", "test_sign_in_passed (the customer"]
    {
        assert!(status.message().contains(words), "{status:?}");
    }
    let refused = registry.enable(&connection.name, &"x".repeat(501)).await;
    assert_field(refused, "NOTE_INVALID", "override_note");
    registry.enable(&connection.name, "tried by phone").await.unwrap();
    let live = registry.onboarding(&connection.name).await.unwrap();
    assert_eq!(live.state(), State::Complete);
    let overridden: Vec<(Step, &str)> = live
        .steps
        .iter()
        .filter(|step| step.state() == StepState::Overridden)
        .map(|step| (step.step(), &*step.override_note))
        .collect();
    let note = "tried by phone";
    assert_eq!(
        overridden,
        [(Step::DomainVerified, note), (Step::MappingReviewed, note), (Step::TestSignInPassed, note)]
    );
    let recorded = registry.recorded().await;
    let steps = "[domain_verified,mapping_reviewed,test_sign_in_passed]".to_owned();
    assert_eq!(recorded.iter().filter(|event| **event == ("overridden".to_owned(), steps.clone())).count(), 1);
    // Going live again is another decision.
    registry.enable(&connection.name, "").await.unwrap();
    registry.disable(&connection.name).await;
    assert_refused(registry.enable(&connection.name, "").await, Code::FailedPrecondition, "ONBOARDING_INCOMPLETE");
}

#[tokio::test]
async fn only_the_mapping_that_somebody_has_looked_at_is_right() {
    let registry = Registry::start().await;
    let (_, connection) = registry.newcomer().await;
    assert_field(registry.review(&connection.name, "").await, "ETAG_REQUIRED", "etag");
    assert_field(registry.review(&connection.name, "x").await, "ETAG_INVALID", "etag");
    // Between the look and the word somebody else makes everybody an administrator.
    let role = vestibule_rpc::registry::v1::RoleRule { group: "Everybody".to_owned(), role: "admin".to_owned() };
    let settings = SamlSettings { roles: vec![role], ..SamlSettings::default() };
    registry.configure(&connection.name, settings, "roles").await;
    let stale = registry.review(&connection.name, &connection.etag).await;
    assert_refused(stale, Code::Aborted, "ETAG_MISMATCH");
    let ahead = registry.review(&connection.name, "1000").await;
    assert_refused(ahead, Code::Aborted, "ETAG_MISMATCH");
    assert!(open(&registry.onboarding(&connection.name).await.unwrap()).contains(&Step::MappingReviewed));
    assert!(!registry.recorded().await.iter().any(|(_, step)| step == "mapping_reviewed"));
    registry.look_and_review(&connection.name).await;
    assert!(!open(&registry.onboarding(&connection.name).await.unwrap()).contains(&Step::MappingReviewed));
}

#[tokio::test]
async fn the_domain_because_of_which_people_are_let_in_is_not_given_up_meanwhile() {
    let registry = Registry::start().await;
    for round in 0..12 {
        let acme = registry.create_organization(&format!("acme-{round}")).await.name;
        let domain = registry.own(&acme, &format!("acme-{round}.test")).await;
        let connection = registry.create_connection(&acme, &identity_provider().metadata_xml()).await.unwrap();
        registry.look_and_review(&connection.name).await;
        registry.tested(&connection, &format!("{round:02}{}", &TEST[2..])).await;
        let (mut enabling, mut releasing) = (registry.connections(), registry.domains());
        let request = EnableConnectionRequest { name: connection.name, ..EnableConnectionRequest::default() };
        let enabled = tokio::spawn(async move { enabling.enable_connection(request).await });
        let request = DeleteDomainRequest { name: domain, ..DeleteDomainRequest::default() };
        let released = tokio::spawn(async move { releasing.delete_domain(request).await });
        let enabled = enabled.await.unwrap();
        released.await.unwrap().unwrap();
        let events = registry.events().await;
        let place = |name: &str| events.iter().rposition(|event| event.name == name).unwrap();
        if enabled.is_ok() {
            assert!(place("connection.enabled") < place("domain.released"), "round {round}: without a domain");
        } else {
            assert_refused(enabled, Code::FailedPrecondition, "ONBOARDING_INCOMPLETE");
        }
    }
}
