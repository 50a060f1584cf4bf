//! Test sign-ins count for what they ran with, and what came of them is what is told.

use std::time::Duration;

use vestibule_rpc::saml::v1::check::Status as Checked;
use vestibule_storage::TestSignIns;
use vestibule_tenancy::connection::{self, ClaimName, SamlSettings};

use crate::{
    test_sign_in::{Sent, configure, passed, refusal},
    world::{World, ada, metadata, now},
};

#[tokio::test]
async fn a_test_counts_for_the_settings_that_it_ran_with_only() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let (id, ticket) = world.ticket_of(&acme, |_| {}).await;
    let sent = world.test_request(&ticket).await.unwrap();
    let response = world.response(&acme, &ada(), &sent.request_id);
    // The request asked for nothing of this, and the Response would pass with it all the same.
    let stricter = SamlSettings { required_claims: vec![ClaimName::Groups], ..SamlSettings::default() };
    configure(&world, &acme, stricter).await;
    let answer = world.validate_test(&acme, &ticket, &response, &sent).await.unwrap();
    assert_eq!(refusal(&answer), "CONNECTION_CHANGED_DURING_TEST");
    assert!(answer.checks.iter().all(|check| check.status() == Checked::NotReached), "{:?}", answer.checks);
    let told = TestSignIns::new(world.resources.expiring.clone()).find(id, now()).await.unwrap().unwrap().1.unwrap();
    assert_eq!(told.refused.unwrap().reason, "CONNECTION_CHANGED_DURING_TEST", "whoever waits for it is told");
    // Nor can whoever brings the Response say what it was of, or leave it out.
    for tried in [String::new(), "0".repeat(64)] {
        let sent = Sent { tried, ..sent.clone() };
        let answer = world.validate_test(&acme, &ticket, &response, &sent).await.unwrap();
        assert_eq!(refusal(&answer), "CONNECTION_CHANGED_DURING_TEST");
    }
    assert_eq!(world.count("connection.tested").await, 0);
    // The link is as good as before, and what is changed back is what was tried.
    configure(&world, &acme, SamlSettings::default()).await;
    passed(&world.validate_test(&acme, &ticket, &response, &sent).await.unwrap());
    assert_eq!(world.count("connection.tested").await, 1);
}

#[tokio::test]
async fn an_identity_provider_that_moved_during_the_test_is_another_one() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let ticket = world.ticket(&acme).await;
    let sent = world.test_request(&ticket).await.unwrap();
    let response = world.response(&acme, &ada(), &sent.request_id);
    let import = async |change: &dyn Fn(&mut connection::SamlMetadata)| {
        let mut described = metadata(&acme.idp);
        change(&mut described);
        let configure = connection::Configure { metadata: Some(described), ..connection::Configure::default() };
        world.change_connection(&acme, connection::Command::Configure(configure)).await;
        world.settle().await;
    };
    // A document that says the same with another date changes nothing.
    import(&|described| described.identity_provider.metadata_valid_until = Some(now().plus(Duration::from_hours(9))))
        .await;
    import(&|described| described.identity_provider.single_sign_on[0].location.push_str("-moved")).await;
    let answer = world.validate_test(&acme, &ticket, &response, &sent).await.unwrap();
    assert_eq!(refusal(&answer), "CONNECTION_CHANGED_DURING_TEST");
    import(&|_| {}).await;
    passed(&world.validate_test(&acme, &ticket, &response, &sent).await.unwrap());
}

#[tokio::test]
async fn of_a_test_that_passed_nothing_else_is_told_whoever_ends_last() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    for _ in 0..6 {
        let (id, ticket) = world.ticket_of(&acme, |_| {}).await;
        let mut attempts = Vec::new();
        for index in 0..6 {
            let sent = world.test_request(&ticket).await.unwrap();
            let response = if index == 2 { world.response(&acme, &ada(), &sent.request_id) } else { "eA==".to_owned() };
            let request = sent.answered(&acme, &ticket, &response);
            attempts.push((world.saml(), request));
        }
        let attempts = attempts
            .into_iter()
            .map(|(mut saml, request)| tokio::spawn(async move { drop(saml.validate_test_response(request).await) }));
        for attempt in attempts.collect::<Vec<_>>() {
            attempt.await.unwrap();
        }
        let tests = TestSignIns::new(world.resources.expiring.clone());
        assert_eq!(tests.find(id, now()).await.unwrap().unwrap().1.unwrap().refused, None);
    }
}
