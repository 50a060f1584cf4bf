use sqlx::Executor as _;
use vestibule_eventlog::{Cursor, Filter, ReadError, Store as _, Views as _};
use vestibule_eventlog_contract::snapshot;
use vestibule_eventlog_postgres::{OpenError, PostgresStore};
use vestibule_kernel::SecretString;

use crate::database::{Database, connect, event_log, one_event, stream};

#[tokio::test]
async fn a_store_is_opened_under_its_own_environment_only() {
    let Some(database) = Database::scratch("a store is opened under its own environment only").await else { return };
    let first = database.store().await;
    assert_eq!(database.store().await.epoch(), first.epoch(), "the stamp is not made twice");

    let other = PostgresStore::connect(&SecretString::from(database.url.as_str()), "production").await;
    assert!(matches!(other, Err(OpenError::OtherEnvironment { stamped, asked })
        if stamped == "test" && asked == "production"));
}

#[tokio::test]
async fn several_processes_that_start_together_migrate_once() {
    let Some(database) = Database::scratch("several processes that start together migrate once").await else { return };
    let (one, two, three) = tokio::join!(database.store(), database.store(), database.store());
    assert_eq!((one.epoch(), two.epoch()), (two.epoch(), three.epoch()));
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused() {
    let Some(database) = Database::scratch("tables of a newer program are refused").await else { return };
    drop(database.store().await);
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'from the future', true, 'x', 0)";
    database.session().await.execute(newer).await.unwrap();

    let opened = PostgresStore::connect(&SecretString::from(database.url.as_str()), "test").await;
    assert!(matches!(opened, Err(OpenError::ForeignTables { version: 9999 })));
}

#[tokio::test]
async fn a_server_that_forgets_commits_is_refused() {
    let Some(database) = Database::scratch("a server that forgets commits is refused").await else { return };
    let url = database.url_with("options=-csynchronous_commit%3Doff");
    let opened = PostgresStore::connect(&SecretString::from(url), "test").await;
    assert!(matches!(opened, Err(OpenError::NotDurable)));
}

#[tokio::test]
async fn after_a_restore_old_cursors_are_refused() {
    let Some(database) = Database::scratch("after a restore old cursors are refused").await else { return };
    let store = database.store().await;
    event_log(&store).append(one_event(&stream("one"), 0)).await.unwrap();
    let seen = store.head().await.unwrap();
    assert!(store.advance("people.v1", None, seen, &[]).await.unwrap());
    store.renew_epoch().await.unwrap();

    let restored = database.store().await;
    let view = restored.checkpoint("people.v1").await.unwrap();
    assert_eq!(view, Some(Cursor::at(restored.epoch(), seen.position())), "a view was restored together with the log");
    let page = restored.read_all(seen, &Filter::default(), 10).await;
    assert!(matches!(page, Err(ReadError::ForeignCursor)));
    let page = restored.read_all(Cursor::at(restored.epoch(), 0), &Filter::default(), 10).await.unwrap();
    assert_eq!(page.events.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_old_snapshots_are_not_used() {
    let Some(database) = Database::scratch("after a restore old snapshots are not used").await else { return };
    let restore = async |store: PostgresStore| {
        store.renew_epoch().await.unwrap();
        database.store().await
    };
    snapshot::a_snapshot_of_before_a_restore_is_not_used(database.store().await, restore).await;
}

#[tokio::test]
async fn a_password_is_never_printed() {
    let url = SecretString::from("postgres://user:open-sesame@127.0.0.1:1/database");
    let Err(error) = PostgresStore::connect(&url, "test").await else { panic!("nobody listens there") };
    assert!(!format!("{error:?}").contains("sesame"), "{error:?}");
    let not_a_url = SecretString::from("postgres://user:open-sesame@:x:/");
    let Err(error) = PostgresStore::connect(&not_a_url, "test").await else { panic!("not a URL") };
    assert!(!format!("{error:?}").contains("sesame"), "{error:?}");
}

#[tokio::test]
async fn a_restarted_server_is_found_again() {
    let Some(database) = Database::scratch("a restarted server is found again").await else { return };
    let store = connect(&database.url).await;
    let log = event_log(&store);
    log.append(one_event(&stream("one"), 0)).await.unwrap();
    // To the client it looks the same: every session ends while it is idle.
    let end = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.session().await.execute(end).await.unwrap();

    log.append(one_event(&stream("one"), 1)).await.unwrap();
    assert_eq!(store.head().await.unwrap().position(), 2);
}
