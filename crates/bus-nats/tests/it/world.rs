use std::{
    collections::{HashMap, HashSet},
    env, process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vestibule_bus::{IN_FLIGHT_MAX, Mapping, Publisher, Relay, RelayStatus};
use vestibule_eventlog::{Cursor, EventLog, Filter, Metadata, StreamId, Transaction, Version, Views};
use vestibule_eventlog_postgres::PostgresStore;
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_kernel::{Clock as _, OrganizationId, SecretBox, SecretString, SystemClock, SystemIds};
use vestibule_storage::{KeyStore, KeyTable, MasterKey};
use vestibule_tenancy::organization;

use crate::server::Stored;

const POSTGRES: &str = "VESTIBULE_TEST_POSTGRES_URL";
const REQUIRE_ALL: &str = "VESTIBULE_TEST_REQUIRE_ALL";

/// The view that holds how far the relay came.
const RELAY: &str = "bus.relay.v1";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A log.
#[derive(Clone)]
pub(crate) struct World {
    views: Arc<dyn Views>,
    pub(crate) log: EventLog,
}

/// A relay that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) status: watch::Receiver<RelayStatus>,
    task: JoinHandle<()>,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        Self::over(SqliteStore::temporary().await.unwrap())
    }

    pub(crate) async fn postgres(url: &str) -> Self {
        Self::over(PostgresStore::connect(&SecretString::from(url), "test").await.unwrap())
    }

    fn over<S: vestibule_eventlog::Store + Views + KeyTable + Clone + 'static>(store: S) -> Self {
        let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
        let keys = KeyStore::new(Arc::new(store.clone()), master, Arc::new(SystemClock), Arc::new(SystemIds));
        let log = EventLog::new(Arc::new(store.clone()), keys, Arc::new(SystemClock), Arc::new(SystemIds));
        Self { views: Arc::new(store), log }
    }

    /// Appends one event to an organization that is at this version; answers where it is.
    pub(crate) async fn happen(&self, number: u128, version: u64) -> Cursor {
        let stream = StreamId::of_id(organization::CATEGORY, Some(id(number)), Uuid::from_u128(number));
        let event = organization::Event::Reinstated(organization::Reinstated {});
        let metadata = Metadata { actor: "operator".to_owned(), ..Metadata::default() };
        let transaction = Transaction::new(metadata).append(stream, Version(version), &[event]).unwrap();
        self.log.append(transaction).await.unwrap().cursor
    }

    /// Appends `events` events to each of the organizations, in turn, starting at version `from`.
    pub(crate) async fn append(&self, organizations: u128, from: u64, events: u64) {
        for version in from..from + events {
            let appends = (1..=organizations).map(|number| self.happen(number, version));
            futures_util::future::join_all(appends).await;
        }
    }

    pub(crate) fn relay(&self, publisher: Arc<dyn Publisher>) -> Running {
        let mapping = Mapping::new("test", "https://login.example");
        let (log, views) = (self.log.clone(), Arc::clone(&self.views));
        let relay = Relay::new(log, views, publisher, mapping, IN_FLIGHT_MAX, (Arc::new(SystemClock), &SystemIds));
        let status = relay.status();
        Running { status, task: tokio::spawn(relay.run(CancellationToken::new())) }
    }

    /// The next relay begins at the start of the log.
    pub(crate) async fn forget_how_far(&self) {
        let reached = self.views.checkpoint(RELAY).await.unwrap();
        assert!(self.views.advance(RELAY, reached, self.log.start(), &[]).await.unwrap());
    }

    /// Where in the log each event is, by its id.
    pub(crate) async fn positions(&self) -> HashMap<String, u64> {
        let mut positions = HashMap::new();
        let mut after = self.log.start();
        loop {
            let page = self.log.read_all(after, &Filter::default(), 1_000).await.unwrap();
            positions.extend(page.events.iter().map(|event| (event.id.to_string(), event.cursor.position())));
            after = page.next;
            if page.at_head {
                return positions;
            }
        }
    }

    /// Every event of the log is in the stream, once, and lane by lane in the order of the log.
    pub(crate) async fn assert_published(&self, stored: &[Stored]) {
        let ids: HashSet<String> = self.positions().await.into_keys().collect();
        let published: HashSet<String> = stored.iter().map(|message| message.id.clone()).collect();
        assert_eq!(published, ids, "lost, or invented");
        assert_eq!(stored.len(), published.len(), "inside the window nothing is there twice");
        let mut ends: HashMap<&str, u64> = HashMap::new();
        for message in stored {
            let before = ends.insert(&message.lane, message.cursor.position()).unwrap_or(0);
            assert!(before < message.cursor.position(), "{message:?} behind {before}");
        }
    }
}

impl Running {
    pub(crate) async fn caught_up(&mut self, world: &World) {
        let head = world.log.head().await.unwrap();
        self.status.wait_for(|status| status.checkpoint == Some(head)).await.unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn id(number: u128) -> OrganizationId {
    OrganizationId::from_uuid(Uuid::from_u128(number))
}

/// A new database, or `None`, with a word about it, when there is no server to test with.
pub(crate) async fn database(test: &str) -> Option<String> {
    let Ok(server) = env::var(POSTGRES) else {
        assert!(env::var(REQUIRE_ALL).as_deref() != Ok("1"), "{test} needs a PostgreSQL server: set {POSTGRES}");
        println!("skipped: {test}: {POSTGRES} is not set");
        return None;
    };
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let name = format!("vestibule_test_{}_{}_bus{number}", SystemClock.now().unix_seconds(), process::id());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await.unwrap();
    let (before, after) = server.rsplit_once('/').unwrap();
    let parameters = after.split_once('?').map(|(_, parameters)| format!("?{parameters}")).unwrap_or_default();
    Some(format!("{before}/{name}{parameters}"))
}
