use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vestibule_bus::{Mapping, Publisher, Relay, RelayStatus};
use vestibule_eventlog::{Cursor, EventLog, Metadata, ReadError, StreamId, Transaction, Version, ViewWrite, Views};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_kernel::{OrganizationId, SecretBox, SystemClock, SystemIds};
use vestibule_storage::{KeyStore, MasterKey};
use vestibule_tenancy::organization;

/// The view that holds how far the relay came.
const RELAY: &str = "bus.relay.v1";

/// A log on SQLite.
pub(crate) struct World {
    pub(crate) store: SqliteStore,
    pub(crate) keys: KeyStore,
    pub(crate) log: EventLog,
}

/// A relay that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) status: watch::Receiver<RelayStatus>,
    pub(crate) stop: CancellationToken,
    task: JoinHandle<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let store = SqliteStore::temporary().await.unwrap();
        let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
        let keys = KeyStore::new(Arc::new(store.clone()), master, Arc::new(SystemClock), Arc::new(SystemIds));
        let log = EventLog::new(Arc::new(store.clone()), keys.clone(), Arc::new(SystemClock), Arc::new(SystemIds));
        Self { store, keys, log }
    }

    /// Appends `events` events to each of the organizations, in turn, starting at version `from`.
    pub(crate) async fn append(&self, organizations: u128, from: u64, events: u64) {
        for version in from..from + events {
            for number in 1..=organizations {
                let transaction = Transaction::new(metadata());
                let note = format!("{version}");
                let event = organization::Event::Suspended(organization::Suspended { note });
                let transaction = transaction.append(stream(number), Version(version), &[event]).unwrap();
                self.log.append(transaction).await.unwrap();
            }
        }
    }

    /// Appends `events` events to one organization at once, starting at version `from`.
    pub(crate) async fn append_at_once(&self, number: u128, from: u64, events: usize) {
        let event = organization::Event::Reinstated(organization::Reinstated {});
        let transaction = Transaction::new(metadata());
        let transaction = transaction.append(stream(number), Version(from), &vec![event; events]).unwrap();
        self.log.append(transaction).await.unwrap();
    }

    pub(crate) fn relay(&self, publisher: Arc<dyn Publisher>, in_flight_max: usize) -> Running {
        self.relay_with(Arc::new(self.store.clone()), publisher, in_flight_max)
    }

    /// A relay with a store of checkpoints of its own.
    pub(crate) fn relay_with(
        &self,
        views: Arc<dyn Views>,
        publisher: Arc<dyn Publisher>,
        in_flight_max: usize,
    ) -> Running {
        let relay = Relay::new(
            self.log.clone(),
            views,
            publisher,
            mapping(),
            in_flight_max,
            (Arc::new(SystemClock), &SystemIds),
        );
        let (status, stop) = (relay.status(), CancellationToken::new());
        let task = tokio::spawn(relay.run(stop.clone()));
        Running { status, stop, task }
    }
}

impl Running {
    pub(crate) async fn until(&mut self, seen: impl FnMut(&RelayStatus) -> bool) -> RelayStatus {
        self.status.wait_for(seen).await.unwrap().clone()
    }

    /// A graceful end.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        (&mut self.task).await.unwrap();
    }

    /// An end in the middle of whatever it does.
    pub(crate) async fn kill(mut self) {
        self.task.abort();
        assert!((&mut self.task).await.unwrap_err().is_cancelled());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A store that stores no checkpoint of the relay until it may; leases it does.
pub(crate) struct Stalling {
    store: SqliteStore,
    may_store: Semaphore,
}

impl Stalling {
    pub(crate) fn new(store: &SqliteStore) -> Arc<Self> {
        Arc::new(Self { store: store.clone(), may_store: Semaphore::new(0) })
    }

    pub(crate) fn go_on(&self) {
        self.may_store.add_permits(Semaphore::MAX_PERMITS);
    }
}

#[async_trait]
impl Views for Stalling {
    async fn checkpoint(&self, view: &str) -> Result<Option<Cursor>, ReadError> {
        self.store.checkpoint(view).await
    }

    async fn advance(
        &self,
        view: &str,
        from: Option<Cursor>,
        to: Cursor,
        writes: &[ViewWrite],
    ) -> Result<bool, ReadError> {
        if view == RELAY {
            let _may = self.may_store.acquire().await.unwrap();
        }
        self.store.advance(view, from, to, writes).await
    }

    async fn get(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        key: &str,
    ) -> Result<Option<Value>, ReadError> {
        self.store.get(view, organization, key).await
    }

    async fn list(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Value)>, ReadError> {
        self.store.list(view, organization, after, max).await
    }
}

pub(crate) fn metadata() -> Metadata {
    Metadata { actor: "operator".to_owned(), ..Metadata::default() }
}

pub(crate) fn mapping() -> Mapping {
    Mapping::new("test", "https://login.example")
}

pub(crate) fn organization(number: u128) -> OrganizationId {
    OrganizationId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn stream(number: u128) -> StreamId {
    StreamId::of_id(organization::CATEGORY, Some(organization(number)), Uuid::from_u128(number))
}
