//! The keys that sign ID tokens follow each other, on all instances alike.

use std::{collections::BTreeSet, time::Duration};

use axum::{Router, http::Request};
use jsonwebtoken::{Algorithm, decode_header, jwk::JwkSet};
use tonic::Code;
use vestibule_eventlog::Filter;
use vestibule_gateway_service::{Config, SigningKeyJob, destroy_old_keys, start};
use vestibule_host::{Job, Turn};
use vestibule_rpc::{
    gateway::v1::{
        ListSigningKeysRequest, RevokeSigningKeyRequest, RotateSigningKeysRequest, SigningKey, signing_key::State,
    },
    reason_of,
};
use vestibule_storage::KeyTable;
use vestibule_tenancy::signing_key::{CATEGORY, Event, Removal, Removed};

use crate::{
    browser::send,
    provider::verify,
    world::{World, exchange},
};

pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) const RS256: &str = "oidc.signing.rs256";

const ES256: &str = "oidc.signing.es256";

/// The ids in a key set.
pub(crate) async fn published(routes: &Router) -> BTreeSet<String> {
    let answer = send(routes, Request::get("/oauth2/jwks").body("".into()).unwrap()).await;
    let keys: JwkSet = serde_json::from_value(answer.json()).unwrap();
    keys.keys.into_iter().map(|key| key.common.key_id.unwrap()).collect()
}

pub(crate) fn kid(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

impl World {
    /// An ID token, signed now.
    pub(crate) async fn id_token(&self, assertion: &str) -> String {
        let tokens = self.token(exchange(&self.code(assertion, "").await)).await.json();
        tokens["id_token"].as_str().unwrap().to_owned()
    }

    /// The rows of the key table.
    pub(crate) async fn rows(&self, purpose: &str) -> Vec<String> {
        let rows = KeyTable::list(&self.store, purpose, "").await.unwrap();
        rows.iter().map(|row| row.id.to_string()).collect()
    }

    /// What was told of signing keys: which, by whom, and what.
    pub(crate) async fn told(&self) -> Vec<(String, String, Event)> {
        let filter = Filter { categories: vec![CATEGORY], organization: None };
        let page = self.resources.log.read_all(self.resources.log.start(), &filter, 1_000).await.unwrap();
        let told = page.events.iter().map(|recorded| {
            (recorded.stream.key().to_owned(), recorded.metadata.actor.clone(), recorded.decode().unwrap())
        });
        told.collect()
    }

    pub(crate) async fn tell(&self) -> u64 {
        let job = SigningKeyJob::start(&self.resources, &Config::default()).await.unwrap();
        job.round(&Turn::alone()).await.unwrap()
    }

    pub(crate) async fn listed(&self) -> Vec<SigningKey> {
        let answer = self.signing_keys_as("service").list_signing_keys(ListSigningKeysRequest {}).await;
        answer.unwrap().into_inner().signing_keys
    }

    async fn rotate(&self, actor: &str, algorithm: &str) -> Result<Vec<SigningKey>, tonic::Status> {
        let request = RotateSigningKeysRequest { algorithm: algorithm.to_owned() };
        Ok(self.signing_keys_as(actor).rotate_signing_keys(request).await?.into_inner().signing_keys)
    }

    pub(crate) async fn revoke(&self, actor: &str, id: &str, note: &str) -> Result<Vec<SigningKey>, tonic::Status> {
        let request = RevokeSigningKeyRequest { name: format!("signingKeys/{id}"), note: note.to_owned() };
        Ok(self.signing_keys_as(actor).revoke_signing_key(request).await?.into_inner().signing_keys)
    }
}

fn states(keys: &[SigningKey], algorithm: &str) -> Vec<State> {
    keys.iter().filter(|key| key.algorithm == algorithm).map(SigningKey::state).collect()
}

#[tokio::test]
async fn the_next_signing_key_is_published_before_it_signs_and_the_last_one_stays_and_goes() {
    let world = World::new().await;
    let before = world.id_token("before").await;
    assert_eq!(published(&world.routes).await.len(), 2, "one of each algorithm");
    world.clock.advance(90 * DAY);
    assert_eq!(published(&world.routes).await.len(), 4, "the next ones");
    assert_eq!(states(&world.listed().await, "RS256"), [State::Next, State::Signing]);
    assert_eq!(kid(&world.id_token("published").await), kid(&before), "the new key is not used yet");
    world.clock.advance(DAY);
    let after = world.id_token("used").await;
    assert_ne!(kid(&after), kid(&before));
    verify(&world, &after, Algorithm::RS256, "acme-pool").await;
    verify(&world, &before, Algorithm::RS256, "acme-pool").await;
    world.clock.advance(DAY.saturating_sub(Duration::from_secs(1)));
    assert_eq!(published(&world.routes).await.len(), 4);
    world.clock.advance(Duration::from_secs(1));
    let left = published(&world.routes).await;
    assert!(left.len() == 2 && left.contains(&kid(&after)), "{left:?}");
}

#[tokio::test]
async fn of_many_processes_one_makes_the_next_key_and_all_know_it_before_it_signs() {
    let mut world = World::new().await;
    let resources = world.another_process();
    let other = start(&resources, &Config::default(), world.peers.clone()).await.unwrap().http.unwrap();
    let first = published(&other).await;
    world.clock.advance(90 * DAY);
    let (here, there) = tokio::join!(published(&world.routes), published(&other));
    // The one that looked before the other had made it has heard of it a minute later.
    world.clock.advance(Duration::from_mins(1));
    let known = published(&world.routes).await;
    assert!(here.is_subset(&known) && there.is_subset(&known) && first.is_subset(&known));
    assert_eq!(known, published(&other).await);
    assert_eq!((world.rows(RS256).await.len(), world.rows(ES256).await.len()), (2, 2), "one for each algorithm");
    world.clock.advance(DAY);
    let here = kid(&world.id_token("here").await);
    world.routes = other;
    let there = kid(&world.id_token("there").await);
    assert_eq!(here, there);
    assert!(known.contains(&here) && !first.contains(&here));
}

#[tokio::test]
async fn each_step_is_told_once_and_the_key_of_a_destroyed_row_was_told_of_before() {
    let world = World::new().await;
    let names = async || {
        let first = world.rows(RS256).await.last().cloned();
        let told = world.told().await;
        let of_it = told.iter().filter(|(id, _, _)| Some(id) == first.as_ref());
        of_it
            .map(|(_, actor, event)| (actor.clone(), vestibule_decider::DomainEvent::schema(event).name()))
            .collect::<Vec<_>>()
    };
    let worker = |name| ("worker".to_owned(), name);
    let (published, activated, retired) = ("signing_key.published", "signing_key.activated", "signing_key.retired");
    assert_eq!(names().await, [worker(published), worker(activated)]);
    assert_eq!(world.tell().await, 0, "nothing is new");
    world.clock.advance(90 * DAY);
    assert_eq!(world.tell().await, 2, "two keys are published");
    world.clock.advance(DAY);
    assert_eq!(world.tell().await, 4, "and used, and two are retired");
    assert_eq!(names().await, [worker(published), worker(activated), worker(retired)]);

    // Destroyed when the longest is over that any gateway may be set to.
    let first = world.rows(RS256).await.pop().unwrap();
    world.clock.advance(12 * DAY);
    destroy_old_keys(&world.resources).await.unwrap();
    assert_eq!(world.rows(RS256).await.len(), 2);
    world.clock.advance(DAY);
    destroy_old_keys(&world.resources).await.unwrap();
    let left = world.rows(RS256).await;
    assert!(left.len() == 1 && left[0] != first);
    let removed: Vec<_> = world.told().await.into_iter().filter(|(id, _, _)| *id == first).collect();
    assert!(
        matches!(&removed.last().unwrap().2, Event::Removed(Removed { cause: Removal::Schedule, .. })),
        "{removed:?}"
    );
    assert_eq!(world.tell().await, 0);
    // However often, the last one stays.
    world.clock.advance(60 * DAY);
    destroy_old_keys(&world.resources).await.unwrap();
    assert_eq!(world.rows(RS256).await, left);
}

#[tokio::test]
async fn an_operator_has_the_next_key_published_now() {
    let world = World::new().await;
    for actor in ["service", "anonymous"] {
        let status = world.rotate(actor, "").await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(reason_of(&status).as_deref(), Some("REGISTRY_TOKEN_REQUIRED"));
    }
    let status = world.rotate("operator", "none").await.unwrap_err();
    assert_eq!(reason_of(&status).as_deref(), Some("SIGNING_ALGORITHM_INVALID"));
    let keys = world.rotate("operator", "RS256").await.unwrap();
    assert_eq!(states(&keys, "RS256"), [State::Next, State::Signing]);
    assert_eq!(states(&keys, "ES256"), [State::Signing]);
    let status = world.rotate("operator", "RS256").await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason_of(&status).as_deref(), Some("SIGNING_KEYS_ROTATING"));
    let keys = world.rotate("operator", "").await.unwrap();
    assert_eq!(states(&keys, "ES256"), [State::Next, State::Signing], "the one that can");
    let next = world.rows(RS256).await.remove(0);
    let (_, actor, event) = world.told().await.into_iter().find(|(id, _, _)| *id == next).unwrap();
    assert!(actor == "operator" && matches!(event, Event::Published(_)), "{actor}: {event:?}");
    assert!(world.told().await.iter().filter(|(id, _, _)| *id == next).count() == 1, "it does not sign yet");
}

#[tokio::test]
async fn a_stolen_key_leaves_every_key_set_at_once_and_the_next_one_signs() {
    let mut world = World::new().await;
    let resources = world.another_process();
    let other = start(&resources, &Config::default(), world.peers.clone()).await.unwrap().http.unwrap();
    let stolen = kid(&world.id_token("before").await);
    assert!(published(&other).await.contains(&stolen));
    for (id, note, reason) in [
        (stolen.as_str(), "", "NOTE_REQUIRED"),
        ("nonsense", "stolen", "RESOURCE_NAME_INVALID"),
        ("01890a5d-0000-7000-8000-0000000000ff", "stolen", "SIGNING_KEY_NOT_FOUND"),
    ] {
        let status = world.revoke("operator", id, note).await.unwrap_err();
        assert_eq!(reason_of(&status).as_deref(), Some(reason));
    }
    let status = world.revoke("service", &stolen, "stolen").await.unwrap_err();
    assert_eq!(reason_of(&status).as_deref(), Some("REGISTRY_TOKEN_REQUIRED"));
    assert!(published(&world.routes).await.contains(&stolen), "nothing was done");

    let keys = world.revoke("operator", &stolen, "lost with a laptop").await.unwrap();
    assert_eq!(states(&keys, "RS256"), [State::Signing, State::Revoked]);
    assert!(!published(&world.routes).await.contains(&stolen), "here at once");
    let after = kid(&world.id_token("after").await);
    assert_ne!(after, stolen);
    // Elsewhere as soon as the log is followed there, and without the clock having moved.
    let heard = async {
        while published(&other).await.contains(&stolen) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard).await.expect("the other process hears of it");
    let here = std::mem::replace(&mut world.routes, other);
    assert_eq!(kid(&world.id_token("elsewhere").await), after);
    world.routes = here;
    let told = world.told().await;
    let last = told.iter().rfind(|(id, _, _)| *id == stolen).unwrap();
    let Event::Removed(removed) = &last.2 else { panic!("{last:?}") };
    assert_eq!((last.1.as_str(), removed.cause), ("operator", Removal::Operator));
    assert_eq!(removed.note.as_deref(), Some("lost with a laptop"));
    // Again is not an error and no news, and neither restart nor time brings it back.
    world.revoke("operator", &stolen, "again").await.unwrap();
    assert_eq!(world.told().await.len(), told.len());
    for _ in 0..3 {
        world.clock.advance(12 * DAY);
        world.tell().await;
        destroy_old_keys(&world.resources).await.unwrap();
        let again = world.another_instance().await;
        assert!(!published(&again).await.contains(&stolen));
        assert_eq!(kid(&world.id_token(&format!("later-{}", world.head().await)).await), after);
    }
    assert!(!world.rows(RS256).await.contains(&stolen), "and in the end its row is destroyed");
}
