use std::{
    env, process,
    str::FromStr as _,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;
use vestibule_eventlog::{Draft, EventLog, Metadata, Partition, StreamAppend, StreamId, Transaction, Version};
use vestibule_eventlog_postgres::PostgresStore;
use vestibule_kernel::{Clock as _, SecretBox, SecretString, SystemClock, SystemIds};
use vestibule_storage::{KeyStore, MasterKey};

const URL: &str = "VESTIBULE_TEST_POSTGRES_URL";
const REQUIRE_ALL: &str = "VESTIBULE_TEST_REQUIRE_ALL";

/// Databases of earlier runs are dropped after this time.
const LEFTOVER_SECONDS: i64 = 600;

static SWEPT: OnceCell<()> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A database of the test's own.
pub(crate) struct Database {
    pub(crate) url: String,
}

impl Database {
    /// A new database, or `None`, with a word about it, when there is no server to test with.
    pub(crate) async fn scratch(test: &str) -> Option<Self> {
        let Ok(server) = env::var(URL) else {
            assert!(env::var(REQUIRE_ALL).as_deref() != Ok("1"), "{test} needs a PostgreSQL server: set {URL}");
            println!("skipped: {test}: {URL} is not set");
            return None;
        };
        SWEPT.get_or_init(|| sweep(&server)).await;
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("vestibule_test_{}_{}_{number}", SystemClock.now().unix_seconds(), process::id());
        administer(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let (before, after) = server.rsplit_once('/').unwrap();
        let parameters = after.split_once('?').map(|(_, parameters)| format!("?{parameters}")).unwrap_or_default();
        Some(Self { url: format!("{before}/{name}{parameters}") })
    }

    pub(crate) async fn store(&self) -> PostgresStore {
        connect(&self.url).await
    }

    /// A session of an intruder, or of the operator.
    pub(crate) async fn session(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.url).unwrap()
    }

    /// The URL with one more parameter.
    pub(crate) fn url_with(&self, parameter: &str) -> String {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{separator}{parameter}", self.url)
    }
}

pub(crate) async fn connect(url: &str) -> PostgresStore {
    PostgresStore::connect(&SecretString::from(url), "test").await.unwrap()
}

pub(crate) fn event_log(store: &PostgresStore) -> EventLog {
    let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let keys = KeyStore::new(Arc::new(store.clone()), master, Arc::clone(&clock) as _, Arc::clone(&ids) as _);
    EventLog::new(Arc::new(store.clone()), keys, clock, ids)
}

pub(crate) fn stream(key: &str) -> StreamId {
    StreamId::new("thing", None, None, key).unwrap()
}

/// A stream of this month.
pub(crate) fn monthly_stream(key: &str) -> StreamId {
    StreamId::new("assertion", None, Some(Partition::of(SystemClock.now())), key).unwrap()
}

/// One event for `stream`, which must be at `expected`.
pub(crate) fn one_event(stream: &StreamId, expected: u64) -> Transaction {
    let draft = Draft {
        id: None,
        name: "thing.happened",
        revision: 1,
        data: format!(r#"{{"stream":"{stream}","expected":{expected}}}"#),
        personal: None,
        reservations: Vec::new(),
    };
    let metadata = Metadata { actor: "operator".to_owned(), ..Metadata::default() };
    let append = StreamAppend { stream: stream.clone(), expected: Version(expected), drafts: vec![draft] };
    Transaction { metadata, appends: vec![append] }
}

async fn administer(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
}

/// Drops what earlier runs have left behind and nobody uses.
async fn sweep(server: &str) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT datname FROM pg_database WHERE datname LIKE 'vestibule_test_%'
         AND split_part(datname, '_', 3)::bigint < $1 AND datname NOT IN
         (SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL)",
    )
    .bind(SystemClock.now().unix_seconds() - LEFTOVER_SECONDS)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for name in names {
        // Another run may be sweeping at the same moment.
        let _dropped = connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await;
    }
}
