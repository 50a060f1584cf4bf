//! The contract on SQLite, and what is SQLite's own.

#![expect(clippy::expect_used, reason = "tests and their helpers fail by panicking")]

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, Connection as _, Row as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tempfile::TempDir;
use vestibule_eventlog::{
    Cursor, Draft, EventLog, Filter, Metadata, ReadError, Store as _, StreamAppend, StreamId, Transaction, Version,
    Views as _,
    checkpoint::Trust,
    verify::{Finding, verify},
};
use vestibule_eventlog_contract::{Attacker, crash, event_log, forgery, snapshot, tamper};
use vestibule_eventlog_sqlite::{OpenError, SqliteStore};

vestibule_eventlog_contract::suite!(|| async { Some(SqliteStore::temporary().await.expect("a store")) });

/// Names the database to the child of the crash test.
const CRASH_DATABASE: &str = "VESTIBULE_TEST_CRASH_DATABASE";

/// A store in a directory of its own, and its file.
async fn store() -> (SqliteStore, TempDir) {
    let directory = TempDir::new().expect("a directory");
    let store = SqliteStore::open(&directory.path().join("log.db"), "test").await.expect("a store");
    (store, directory)
}

/// Somebody with the file in his hands.
struct Intruder {
    options: SqliteConnectOptions,
}

impl Intruder {
    fn at(directory: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(directory.join("log.db"));
        Self { options: options.journal_mode(SqliteJournalMode::Wal) }
    }

    async fn connect(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&self.options).await.expect("a connection")
    }
}

#[async_trait]
impl Attacker for Intruder {
    async fn attempt(&self, statement: &str) -> bool {
        let mut connection = self.connect().await;
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.is_ok()
    }

    async fn overpower(&self, statements: &[String]) {
        let mut connection = self.connect().await;
        let triggers = sqlx::query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
        let triggers = triggers.fetch_all(&mut connection).await.expect("the triggers");
        for trigger in &triggers {
            let drop = format!("DROP TRIGGER {}", trigger.get::<&str, _>(0));
            sqlx::query(AssertSqlSafe(drop)).execute(&mut connection).await.expect("a trigger is dropped");
        }
        for statement in statements {
            sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut connection).await.expect("the attack works");
        }
        for trigger in &triggers {
            let restore = trigger.get::<String, _>(1);
            sqlx::query(AssertSqlSafe(restore)).execute(&mut connection).await.expect("nobody notices");
        }
    }

    fn literal(&self, bytes: &[u8]) -> String {
        format!("x'{}'", hex::encode(bytes))
    }
}

macro_rules! attacks {
    ($module:ident: $($case:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            let (store, directory) = store().await;
            $module::$case(store, Intruder::at(directory.path())).await;
        }
    )+};
}

attacks!(tamper:
    rows_are_protected,
    a_changed_event_is_found,
    a_removed_event_is_found,
    a_truncated_log_is_found,
    a_recomputed_stream_is_found,
    a_forged_removal_is_found,
);

attacks!(forgery:
    a_snapshot_without_a_chunk_is_not_used,
    a_snapshot_of_a_log_that_was_cut_off_is_not_used,
);

#[tokio::test]
async fn replacing_a_row_is_refused_too() {
    let (store, directory) = store().await;
    let log = event_log(&store);
    append(&log, 3).await;
    let intruder = Intruder::at(directory.path());
    let columns = "position, id, stream, version, category, organization, partition, name, revision, recorded_at,
                   metadata, data, person, ciphertext, hash";
    for (position, id, stream, version) in [
        ("position", "randomblob(16)", "'x'", "1"),
        ("4", "id", "'x'", "1"),
        ("4", "randomblob(16)", "stream", "version"),
        ("5", "randomblob(16)", "'x'", "1"),
    ] {
        let replace = format!(
            "INSERT OR REPLACE INTO events ({columns})
             SELECT {position}, {id}, {stream}, {version}, category, organization, partition, name, revision,
                    recorded_at, metadata, '{{}}', person, ciphertext, hash FROM events WHERE position = 2"
        );
        assert!(!intruder.attempt(&replace).await, "{replace}");
    }
    assert_eq!(store.head().await.expect("a head").position(), 3);
}

#[tokio::test]
async fn an_event_hidden_from_filtered_readers_is_found() {
    let (store, directory) = store().await;
    append(&event_log(&store), 3).await;
    let intruder = Intruder::at(directory.path());
    intruder.overpower(&["UPDATE events SET category = 'elsewhere' WHERE position = 2".to_owned()]).await;
    let page = store.read_all(start(&store), &Filter::default(), 10).await;
    assert!(matches!(page, Err(ReadError::Corrupt { position: 2, .. })), "{page:?}");
    let report = verify(&store, directory.path(), &Trust::default(), |_| {}).await;
    let findings = report.expect("a report").findings;
    assert_eq!(findings.first(), Some(&Finding::Unreadable { position: 2 }));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_leaves_the_others_readable() {
    let (store, directory) = store().await;
    append(&event_log(&store), 5).await;
    let intruder = Intruder::at(directory.path());
    let whole = store.read_all(start(&store), &Filter::default(), 10).await.expect("a page").events;
    for (column, value) in [
        ("id", "x'00'"),
        ("stream", "'thing/-'"),
        ("stream", "x'ff'"),
        ("version", "'three'"),
        ("version", "x'33ff'"),
        ("category", "'elsewhere'"),
        ("organization", "'-'"),
        ("partition", "'2026-01'"),
        ("name", "CAST(x'ff' AS TEXT)"),
        ("revision", "70000"),
        ("recorded_at", "1.5"),
        ("metadata", "'{}'"),
        ("metadata", "CAST(x'7b22ff227d' AS TEXT)"),
        ("data", "x'7b22ff227d'"),
        ("data", "CAST(x'7b22ff227d' AS TEXT)"),
        ("person", "randomblob(16)"),
        ("ciphertext", "x''"),
        ("hash", "x'00'"),
    ] {
        let change = format!("UPDATE events SET {column} = {value} WHERE position = 3");
        intruder.overpower(&["CREATE TABLE kept AS SELECT * FROM events".to_owned(), change]).await;
        let page = store.read_all(start(&store), &Filter::default(), 10).await;
        assert!(matches!(page, Err(ReadError::Corrupt { position: 3, .. })), "{column} = {value}: {page:?}");
        let report = verify(&store, directory.path(), &Trust::default(), |_| {}).await.expect("a report");
        assert!(report.findings.contains(&Finding::Unreadable { position: 3 }), "{column} = {value}: {report:?}");
        let around = [(0, 2), (3, 2)].map(|(after, max)| (Cursor::at(store.epoch(), after), max));
        for (after, max) in around {
            let page = store.read_all(after, &Filter::default(), max).await.expect("a page");
            assert_eq!(page.events, whole[usize::try_from(after.position()).expect("a few")..][..max]);
        }
        let restore =
            format!("UPDATE events SET {column} = (SELECT {column} FROM kept WHERE position = 3) WHERE position = 3");
        intruder.overpower(&[restore, "DROP TABLE kept".to_owned()]).await;
    }
    assert_eq!(store.read_all(start(&store), &Filter::default(), 10).await.expect("a page").events, whole);
}

#[tokio::test]
async fn a_store_keeps_its_environment_and_its_epoch() {
    let (store, directory) = store().await;
    let epoch = store.epoch();
    store.close().await;
    let path = directory.path().join("log.db");
    let refused = SqliteStore::open(&path, "production").await;
    assert!(matches!(
        refused.err(),
        Some(OpenError::OtherEnvironment { stamped, asked }) if stamped == "test" && asked == "production"
    ));
    let again = SqliteStore::open(&path, "test").await.expect("a store");
    assert_eq!(again.epoch(), epoch);
    assert_ne!(SqliteStore::temporary().await.expect("a store").epoch(), epoch);
}

#[tokio::test]
async fn cursors_of_before_a_restore_are_foreign() {
    let (store, directory) = store().await;
    append(&event_log(&store), 3).await;
    let seen = store.head().await.expect("a head");
    assert!(store.advance("view.v1", None, seen, &[]).await.expect("advanced"));
    store.close().await;
    let path = directory.path().join("log.db");
    SqliteStore::renew_epoch(&path, "test").await.expect("renewed");
    let restored = SqliteStore::open(&path, "test").await.expect("a store");
    let refused = restored.read_all(seen, &Filter::default(), 10).await;
    assert!(matches!(refused, Err(ReadError::ForeignCursor)), "{refused:?}");
    let head = restored.head().await.expect("a head");
    assert_eq!(restored.checkpoint("view.v1").await.expect("a checkpoint"), Some(head));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshots_of_before_a_restore_are_not_used() {
    let (store, directory) = store().await;
    let path = directory.path().join("log.db");
    let restore = async |store: SqliteStore| {
        store.close().await;
        SqliteStore::renew_epoch(&path, "test").await.expect("renewed");
        SqliteStore::open(&path, "test").await.expect("a store")
    };
    snapshot::a_snapshot_of_before_a_restore_is_not_used(store, restore).await;
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let (store, directory) = store().await;
    append(&event_log(&store), 1).await;
    let mut files = 0;
    for entry in std::fs::read_dir(directory.path()).expect("the directory") {
        let mode = entry.expect("an entry").metadata().expect("its permissions").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert!(files >= 2, "the database and its WAL");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_process_loses_no_acknowledged_event() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("log.db");
    let mut acknowledged = Vec::new();
    for count in [1, 40, 150] {
        let mut child = Command::new(std::env::current_exe().expect("this test"));
        child.args(["--exact", "the_child_of_the_crash_test", "--nocapture"]).env(CRASH_DATABASE, &path);
        let told = tokio::task::spawn_blocking(move || crash::kill_after(child, count)).await.expect("the child ran");
        acknowledged.extend(told);
        let store = SqliteStore::open(&path, "crash").await.expect("the store opens after the crash");
        crash::nothing_is_lost(store.clone(), &acknowledged).await;
        store.close().await;
    }
}

/// Does nothing but where the crash test starts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_child_of_the_crash_test() {
    if let Some(path) = std::env::var_os(CRASH_DATABASE) {
        let store = SqliteStore::open(Path::new(&path), "crash").await.expect("a store");
        crash::write_until_killed(store).await;
    }
}

fn start(store: &SqliteStore) -> Cursor {
    Cursor::at(store.epoch(), 0)
}

/// Appends `count` events to a stream of its own.
async fn append(log: &EventLog, count: u64) {
    let draft = Draft {
        id: None,
        name: "thing.happened",
        revision: 1,
        data: "{}".to_owned(),
        personal: None,
        reservations: Vec::new(),
    };
    let stream = StreamId::new("thing", None, None, "one").expect("a stream");
    let drafts = vec![draft; usize::try_from(count).expect("a few")];
    let append = StreamAppend { stream, expected: Version::EMPTY, drafts };
    log.append(Transaction { metadata: Metadata::default(), appends: vec![append] }).await.expect("appended");
}
