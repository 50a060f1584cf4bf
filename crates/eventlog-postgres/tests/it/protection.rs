use sqlx::{AssertSqlSafe, Executor as _};
use vestibule_eventlog::{Archive, Partition, Store as _};
use vestibule_kernel::{Clock as _, SystemClock};

use crate::database::{Database, event_log, monthly_stream, one_event, stream};

/// Also for a superuser, and also when the statement names the partition instead of the log.
#[tokio::test]
async fn the_database_refuses_to_change_or_remove_events() {
    let Some(database) = Database::scratch("the database refuses to change or remove events").await else { return };
    let store = database.store().await;
    let log = event_log(&store);
    log.append(one_event(&stream("one"), 0)).await.unwrap();
    log.append(one_event(&monthly_stream("two"), 0)).await.unwrap();

    let month = format!("\"events_assertion_{}\"", Partition::of(SystemClock.now()));
    let mut intruder = database.session().await;
    for table in ["events", "events_kept", &month] {
        for statement in ["UPDATE {} SET data = '{}'", "DELETE FROM {}", "TRUNCATE {}"] {
            let statement = statement.replacen("{}", table, 1);
            let refused = intruder.execute(AssertSqlSafe(statement.clone())).await.unwrap_err();
            let message = refused.as_database_error().unwrap().message().to_owned();
            assert!(message.contains("only appended") || message.contains("never deleted"), "{statement}: {message}");
        }
    }
    for statement in ["DELETE FROM deployment", "TRUNCATE deployment", "TRUNCATE removed_events"] {
        intruder.execute(statement).await.unwrap_err();
    }
    assert_eq!(store.head().await.unwrap().position(), 2);
}

#[tokio::test]
async fn a_row_cannot_hide_in_another_partition() {
    let Some(database) = Database::scratch("a row cannot hide in another partition").await else { return };
    let store = database.store().await;
    event_log(&store).append(one_event(&monthly_stream("one"), 0)).await.unwrap();
    // The same stream and version again, where the unique index of the month does not look.
    let hidden = "INSERT INTO events SELECT position + 1, '', stream, version, gen_random_uuid(), name, revision,
                  recorded_at_millis, metadata, data, person, ciphertext, hash FROM events";
    let refused = database.session().await.execute(hidden).await.unwrap_err();
    assert!(refused.to_string().contains("check constraint"), "{refused}");
}

#[tokio::test]
async fn the_table_of_an_archived_month_is_dropped() {
    let Some(database) = Database::scratch("the table of an archived month is dropped").await else { return };
    let store = database.store().await;
    let log = event_log(&store);
    for key in ["one", "two", "three"] {
        log.append(one_event(&monthly_stream(key), 0)).await.unwrap();
    }
    let partition = Partition::of(SystemClock.now());
    assert_eq!(store.remove("assertion", partition, 100).await.unwrap(), 0, "an open month is not removed");
    Archive::close(&store, "assertion", partition, SystemClock.now()).await.unwrap();
    assert_eq!(store.remove("assertion", partition, 2).await.unwrap(), 2);
    assert_eq!(store.remove("assertion", partition, 2).await.unwrap(), 1);
    assert_eq!(store.remove("assertion", partition, 2).await.unwrap(), 0);

    let table = format!("\"events_assertion_{partition}\"");
    let exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(&mut database.session().await)
        .await
        .unwrap();
    assert!(!exists);
    assert_eq!(store.head().await.unwrap().position(), 3, "positions are not given out again");
    assert_eq!(store.removed(0, 10).await.unwrap().len(), 3);
}
