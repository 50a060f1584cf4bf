use vestibule_eventlog::{Archive, CommandError, Metadata, Partition};
use vestibule_rpc::saml::v1::{check::Status, refusal::Responsible};
use vestibule_tenancy::assertion::{self, Assertion};

use crate::world::{USER_POOL, World, accepted, ada, refused, validation};

#[tokio::test]
async fn a_valid_response_signs_in_with_a_normalised_identity() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    let answer = world.validate(&acme, &response, &request_id).await.unwrap();

    assert_eq!(answer.organization, format!("organizations/{}", acme.organization));
    let passed = |check: &&vestibule_rpc::saml::v1::Check| check.status() != Status::Passed;
    assert_eq!(answer.checks.iter().find(passed), None);
    let ours: Vec<&str> = answer.checks.iter().rev().take(7).map(|check| check.name.as_str()).collect();
    let expected = [
        "request.unanswered",
        "assertion.unused",
        "person.active",
        "email.releasable",
        "claims.present",
        "subject.stable",
        "connection.enabled",
    ];
    assert_eq!(ours, expected);

    let identity = accepted(answer);
    assert_eq!(identity.organization, format!("organizations/{}", acme.organization));
    assert_eq!(identity.connection, format!("{}/connections/{}", identity.organization, acme.connection));
    assert_eq!((identity.email.as_str(), identity.email_verified), ("ada@acme.test", true));
    assert_eq!(identity.name, "Ada Lovelace");
    assert_eq!((identity.given_name.as_str(), identity.family_name.as_str()), ("Ada", "Lovelace"));
    assert_eq!(identity.groups, ["staff", "admins"]);
    assert_eq!(identity.auth_time.unwrap().seconds, crate::world::now().unix_seconds());
    assert!(identity.acr.ends_with("PasswordProtectedTransport"));
    assert!(identity.first_seen);
    assert_eq!(identity.certificate_fingerprint.len(), 64);
    // What Cognito makes a username of: lower case, no underscore, 36 characters.
    assert_eq!(identity.sub.len(), 36);
    assert!(identity.sub.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{}", identity.sub);
    assert_eq!((world.count("assertion.accepted").await, world.count("person.first_seen").await), (1, 1));
}

#[tokio::test]
async fn an_assertion_is_used_once() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());
    let head = world.log.head().await.unwrap();
    let answer = world.validate(&acme, &response, &request_id).await.unwrap();
    let failed = answer.checks.iter().find(|check| check.status() == Status::Failed).unwrap();
    assert_eq!(failed.name, "assertion.unused");
    let refusal = refused(answer);
    assert_eq!((refusal.reason.as_str(), refusal.responsible()), ("ASSERTION_REPLAYED", Responsible::Person));
    assert_eq!(world.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn of_eight_presentations_at_once_one_is_accepted() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let (mut saml, request) = (world.saml(), validation(&acme, &response, &request_id));
            tokio::spawn(async move { saml.validate_response(request).await.unwrap().into_inner() })
        })
        .collect();
    let mut won = 0;
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        match answer.outcome.clone().unwrap() {
            vestibule_rpc::saml::v1::validate_response_response::Outcome::Accepted(_) => won += 1,
            vestibule_rpc::saml::v1::validate_response_response::Outcome::Refused(_) => {
                assert_eq!(refused(answer).reason, "ASSERTION_REPLAYED");
            }
        }
    }
    assert_eq!((won, world.count("assertion.accepted").await, world.count("person.first_seen").await), (1, 1, 1));
}

#[tokio::test]
async fn a_request_is_answered_once() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let (first, second) = (world.response(&acme, &ada(), &request_id), world.response(&acme, &ada(), &request_id));
    accepted(world.validate(&acme, &first, &request_id).await.unwrap());
    let head = world.log.head().await.unwrap();
    let answer = world.validate(&acme, &second, &request_id).await.unwrap();
    let failed = answer.checks.iter().find(|check| check.status() == Status::Failed).unwrap();
    assert_eq!(failed.name, "request.unanswered");
    assert_eq!(refused(answer).reason, "REQUEST_ALREADY_ANSWERED");
    assert_eq!(world.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn the_assertion_that_is_handed_back_is_redeemed_once() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let identity = world.sign_in(&acme, &ada()).await;
    let stream = identity.assertion.parse().unwrap();
    let redeem = |user_pool: &str| assertion::Command::Redeem { user_pool: user_pool.parse().unwrap() };
    let pool = USER_POOL.strip_prefix("userPools/").unwrap();
    let foreign = redeem("01890a5d-ac96-774b-bcce-b302099a8058");
    let outcome = world.log.execute::<Assertion>(&stream, None, Metadata::default(), &foreign).await;
    assert!(matches!(outcome, Err(CommandError::Rejected(assertion::Rejection::ForeignUserPool))));
    world.execute::<Assertion>(&stream, &redeem(pool)).await;
    let outcome = world.log.execute::<Assertion>(&stream, None, Metadata::default(), &redeem(pool)).await;
    assert!(matches!(outcome, Err(CommandError::Rejected(assertion::Rejection::AlreadyRedeemed))));
}

#[tokio::test]
async fn what_may_have_been_archived_is_not_accepted() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let month = Partition::of(crate::world::now());
    Archive::close(&world.store, assertion::CATEGORY, month, crate::world::now()).await.unwrap();
    let head = world.log.head().await.unwrap();
    let refusal = world.refused_sign_in(&acme, &ada()).await;
    assert_eq!(refusal.reason, "ASSERTION_TOO_OLD");
    assert_eq!(world.log.head().await.unwrap(), head);
}
