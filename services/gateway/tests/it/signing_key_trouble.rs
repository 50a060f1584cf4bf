//! Key tables that are not what we have written, that cannot be read, and clocks that jump: what is not known to be right is not
//! used, and no key is quietly made beside it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::http::{Request, StatusCode};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_gateway_service::{Config, start};
use vestibule_host::Resources;
use vestibule_kernel::{Chain, SecretBox, SecretBytes, Timestamp};
use vestibule_rpc::{
    gateway::v1::{ListSigningKeysRequest, SigningKey, signing_key::State},
    reason_of,
};
use vestibule_storage::{KeyId, KeyStore, KeyTable, MasterKey, SealedKey, StorageError};
use vestibule_tenancy::signing_key::{Event, Removal, Removed};

use crate::{
    browser::send,
    signing_key::{DAY, RS256, kid, published},
    world::{World, exchange},
};

/// The key table of a process that has lost its database now and then.
struct CutOff(SqliteStore, Arc<AtomicBool>);

impl CutOff {
    fn store(&self) -> Result<&SqliteStore, StorageError> {
        let lost = self.1.load(Ordering::Relaxed);
        if lost { Err(StorageError::Unavailable("cut off".into())) } else { Ok(&self.0) }
    }
}

#[async_trait]
impl KeyTable for CutOff {
    async fn insert(&self, key: &SealedKey) -> Result<bool, StorageError> {
        self.store()?.insert(key).await
    }

    async fn list(&self, purpose: &str, owner: &str) -> Result<Vec<SealedKey>, StorageError> {
        KeyTable::list(self.store()?, purpose, owner).await
    }

    async fn list_followed(
        &self,
        purpose: &str,
        newer: u32,
        before: Timestamp,
        max: u32,
    ) -> Result<Vec<SealedKey>, StorageError> {
        self.store()?.list_followed(purpose, newer, before, max).await
    }

    async fn destroy(&self, id: KeyId) -> Result<bool, StorageError> {
        self.store()?.destroy(id).await
    }
}

async fn status(routes: &axum::Router) -> StatusCode {
    send(routes, Request::get("/oauth2/jwks").body("".into()).unwrap()).await.status
}

/// Why a gateway does not start on this store.
async fn refused(world: &World) -> String {
    let resources = world.another_process();
    let error = start(&resources, &Config::default(), world.peers.clone()).await.err().expect("it must not start");
    Chain(&error).to_string()
}

#[tokio::test]
async fn a_gateway_that_cannot_read_its_keys_serves_those_in_memory_for_a_while_and_then_none() {
    let mut world = World::new().await;
    let lost = Arc::new(AtomicBool::new(false));
    let table = Arc::new(CutOff(world.store.clone(), Arc::clone(&lost)));
    let Resources { clock, ids, .. } = world.resources.clone();
    let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
    let resources = Resources { keys: KeyStore::new(table, master, clock, ids), ..world.another_process() };
    let service = start(&resources, &Config::default(), world.peers.clone()).await.unwrap();
    let troubles = || vestibule_host::Service::troubles(&service.readiness);
    let cut_off = service.http.clone().unwrap();
    let key = kid(&world.id_token("before").await);

    lost.store(true, Ordering::Relaxed);
    world.clock.advance(Duration::from_mins(10));
    assert!(published(&cut_off).await.contains(&key), "for ten minutes");
    assert!(!troubles().iter().any(|trouble| trouble.contains("signing keys")), "{:?}", troubles());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&cut_off).await, StatusCode::SERVICE_UNAVAILABLE, "then it is not known to be right");
    assert!(troubles().iter().any(|trouble| trouble.contains("signing keys")), "{:?}", troubles());
    lost.store(false, Ordering::Relaxed);
    world.clock.advance(Duration::from_secs(1));
    assert!(published(&cut_off).await.contains(&key));

    // A key that was taken out is not served from memory for a moment.
    lost.store(true, Ordering::Relaxed);
    world.revoke("operator", &key, "stolen").await.unwrap();
    let heard = async {
        while status(&cut_off).await == StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard).await.expect("the other process hears of it");
    lost.store(false, Ordering::Relaxed);
    world.clock.advance(Duration::from_secs(1));
    assert!(!published(&cut_off).await.contains(&key));
    world.routes = cut_off;
    assert_ne!(kid(&world.id_token("after").await), key);
}

#[tokio::test]
async fn a_row_that_is_not_ours_stops_the_gateway_and_no_key_is_made_beside_it() {
    // Sealed for another id, and made up; as the only row, and as the next one.
    let changes: [fn(&mut SealedKey); 2] =
        [|row| row.id = KeyId(uuid::Uuid::from_u128(7)), |row| row.sealed = b"malformed".to_vec()];
    for (change, beside) in changes.into_iter().flat_map(|change| [(change, false), (change, true)]) {
        let world = World::new().await;
        let token = kid(&world.id_token("before").await);
        let mut row = KeyTable::list(&world.store, RS256, "").await.unwrap().remove(0);
        if beside {
            row.generation += 1;
            row.id = KeyId(uuid::Uuid::from_u128(8));
        } else {
            world.store.destroy(row.id).await.unwrap();
        }
        change(&mut row);
        assert!(world.store.insert(&row).await.unwrap());
        let rows = world.rows(RS256).await;
        assert!(refused(&world).await.contains("does not open"));
        // One that is running goes on for a while with what it has read, and then stops.
        world.clock.advance(Duration::from_mins(5));
        assert_eq!(kid(&world.id_token("meanwhile").await), token);
        world.clock.advance(Duration::from_mins(6));
        let status = world.signing_keys_as("operator").list_signing_keys(ListSigningKeysRequest {}).await.unwrap_err();
        assert_eq!(reason_of(&status).as_deref(), Some("KEY_UNREADABLE"));
        let code = world.code("later", "").await;
        assert_eq!(world.token(exchange(&code)).await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(world.rows(RS256).await, rows, "nothing is made beside it");
    }
}

#[tokio::test]
async fn a_row_that_opens_and_holds_no_key_stops_the_gateway() {
    let world = World::new().await;
    let keys = world.another_process().keys;
    let newest = keys.all(RS256, "").await.unwrap().remove(0);
    keys.rotate_with(RS256, "", &newest, || SecretBytes::from(b"no key".to_vec())).await.unwrap();
    assert!(refused(&world).await.contains("holds no key"));
    world.clock.advance(Duration::from_mins(11));
    let status = world.signing_keys_as("operator").list_signing_keys(ListSigningKeysRequest {}).await.unwrap_err();
    assert_eq!(reason_of(&status).as_deref(), Some("SIGNING_KEY_UNUSABLE"));
    assert_eq!(world.rows(RS256).await.len(), 2);
}

#[tokio::test]
async fn keys_that_are_gone_from_the_table_are_told_of_as_lost() {
    let world = World::new().await;
    let gone = kid(&world.id_token("before").await);
    for row in KeyTable::list(&world.store, RS256, "").await.unwrap() {
        world.store.destroy(row.id).await.unwrap();
    }
    world.clock.advance(Duration::from_mins(2));
    let now = published(&world.routes).await;
    assert!(now.len() == 2 && !now.contains(&gone), "{now:?}");
    assert!(world.tell().await >= 3, "one is lost, another one is published and signs");
    let told = world.told().await;
    let last = told.iter().rfind(|(id, _, _)| *id == gone).unwrap();
    assert!(matches!(last.2, Event::Removed(Removed { cause: Removal::Missing, .. })), "{last:?}");
    assert_eq!(world.tell().await, 0, "once");
}

#[tokio::test]
async fn a_clock_that_jumped_ahead_and_back_leaves_a_key_that_nobody_believes_and_the_others_go_on() {
    let world = World::new().await;
    let start_of_time = vestibule_kernel::Clock::now(&*world.clock);
    let first = kid(&world.id_token("before").await);
    world.clock.advance(400 * DAY);
    assert_eq!(published(&world.routes).await.len(), 4, "by that clock the next keys are due");
    world.clock.set(start_of_time.plus(DAY));
    let keys = world.listed().await;
    assert_eq!(
        keys.iter().map(SigningKey::state).collect::<Vec<_>>(),
        [State::FromTheFuture, State::Signing, State::FromTheFuture, State::Signing]
    );
    assert_eq!(published(&world.routes).await.len(), 2);
    assert_eq!(kid(&world.id_token("set-right").await), first);
    // When it is time, the next ones follow, and when that moment comes again, nothing happens.
    for day in [90, 91, 180, 181, 270, 271, 360, 361, 399, 400, 401, 402] {
        world.clock.set(start_of_time.plus(day * DAY));
        let token = world.id_token(&format!("day-{day}")).await;
        let set = published(&world.routes).await;
        assert!(set.contains(&kid(&token)), "day {day}");
        let believed = world.listed().await;
        let unbelieved = believed.iter().filter(|key| key.state() == State::FromTheFuture);
        assert_eq!(unbelieved.count(), 2, "day {day}");
    }
    assert_eq!(world.rows(RS256).await.len(), 1 + 1 + 4);
}

#[tokio::test]
async fn where_every_key_is_from_the_future_none_is_used_and_none_is_made() {
    let world = World::new().await;
    let start_of_time = vestibule_kernel::Clock::now(&*world.clock);
    world.clock.set(start_of_time.minus(2 * DAY));
    assert_eq!(status(&world.routes).await, StatusCode::SERVICE_UNAVAILABLE);
    let code = world.code("set-back", "").await;
    assert_eq!(world.token(exchange(&code)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    world.clock.advance(Duration::from_secs(1));
    let status = world.signing_keys_as("operator").list_signing_keys(ListSigningKeysRequest {}).await.unwrap_err();
    assert_eq!(reason_of(&status).as_deref(), Some("KEY_FROM_THE_FUTURE"));
    assert!(refused(&world).await.contains("in the future"));
    assert_eq!(world.rows(RS256).await.len(), 1);
    world.clock.set(start_of_time);
    assert_eq!(published(&world.routes).await.len(), 2, "set right, all is well");
}
