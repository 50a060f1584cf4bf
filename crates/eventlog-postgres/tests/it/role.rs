use sqlx::{Connection as _, Executor as _, PgConnection};
use vestibule_eventlog::{AppendError, Filter, Store as _};
use vestibule_eventlog_postgres::{GRANTS, PostgresStore};
use vestibule_storage::{
    Bucket, ExpiringRecord, ExpiringRecords as _, KeyId, KeyTable as _, SealedKey, SnapshotTable as _,
};

use crate::database::{Database, connect, event_log, monthly_stream, one_event, stream};

/// A database with the roles in it; the sessions of the URL take the role on.
async fn as_role(test: &str, role: &str) -> Option<(Database, String)> {
    let database = Database::scratch(test).await?;
    let owner = database.store().await;
    // The roles belong to the whole server, and two tests making grants at once trip over each other's rows.
    let mut session = database.session().await;
    for _ in 0..20 {
        match session.execute(GRANTS).await {
            Ok(_) => break,
            Err(error) if error.to_string().contains("concurrently") => {}
            Err(error) => panic!("{error}"),
        }
    }
    owner.close().await;
    let url = database.url_with(&format!("options=-crole%3D{role}"));
    Some((database, url))
}

async fn refused(session: &mut PgConnection, statement: &'static str) {
    let error = session.execute(statement).await.unwrap_err();
    let code = error.as_database_error().and_then(|error| error.code().map(|code| code.to_string()));
    assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error}");
}

#[tokio::test]
async fn the_restricted_role_appends_and_nothing_else() {
    let Some((_database, url)) = as_role("the restricted role appends and nothing else", "vestibule_append").await
    else {
        return;
    };
    let store = connect(&url).await;
    let log = event_log(&store);
    log.append(one_event(&stream("one"), 0)).await.unwrap();
    log.append(one_event(&monthly_stream("first-of-the-month"), 0)).await.unwrap();
    let key = SealedKey {
        id: KeyId(uuid::Uuid::from_u128(1)),
        purpose: "person".to_owned(),
        owner: "ada".to_owned(),
        generation: 1,
        created_at: vestibule_kernel::Timestamp::EPOCH,
        sealed: vec![1],
    };
    assert!(store.insert(&key).await.unwrap());
    store.destroy(key.id).await.unwrap_err();
    let record = ExpiringRecord {
        bucket: Bucket("code"),
        key: [1; 32],
        value: vec![1],
        expires_at: vestibule_kernel::Timestamp::from_unix_seconds(2_000_000_000),
    };
    assert!(store.put(&record).await.unwrap());
    assert!(store.remove(record.bucket, &record.key).await.unwrap());
    assert!(store.put(&record).await.unwrap());
    assert_eq!(store.sweep(record.expires_at, 10).await.unwrap(), 1);

    let mut session = PgConnection::connect(&url).await.unwrap();
    let stored: bool = sqlx::query_scalar("SELECT settle_append(position, id, hash) FROM events WHERE position = 1")
        .fetch_one(&mut session)
        .await
        .unwrap();
    assert!(stored);
    let stored: bool = sqlx::query_scalar("SELECT settle_append(position, id, '') FROM events WHERE position = 1")
        .fetch_one(&mut session)
        .await
        .unwrap();
    assert!(!stored, "the same event in another append");
    refused(&mut session, "UPDATE deployment SET append_fence = 0").await;
    refused(&mut session, "INSERT INTO events SELECT * FROM events").await;
    refused(&mut session, "DELETE FROM reservations").await;
    refused(&mut session, "UPDATE events SET data = '{}'").await;
    refused(&mut session, "DELETE FROM events").await;
    refused(&mut session, "TRUNCATE events").await;
    refused(&mut session, "DELETE FROM events_kept").await;
    refused(&mut session, "SELECT drop_partition('assertion', '2026-11')").await;
    refused(&mut session, "INSERT INTO removed_events VALUES (1, '')").await;
    refused(&mut session, "UPDATE event_partitions SET closed_at_millis = 1").await;
    refused(&mut session, "UPDATE deployment SET environment = 'production'").await;
    refused(&mut session, "UPDATE keys SET sealed = ''").await;
    no_snapshot_is_written(&store, &mut session).await;
}

/// Whoever could write a snapshot, and has the master key as every service has, could write who is let in.
async fn no_snapshot_is_written(store: &PostgresStore, session: &mut PgConnection) {
    assert!(store.newest("enrichment.people", 2).await.unwrap().is_empty());
    let id = uuid::Uuid::from_u128(1);
    assert!(store.chunk("enrichment.people", id, 0).await.unwrap().is_none());
    store.put_chunk("enrichment.people", id, 0, &[1]).await.unwrap_err();
    store.sweep_chunks("enrichment.people", 1).await.unwrap_err();
    store.clear().await.unwrap_err();
    refused(session, "INSERT INTO view_snapshot_chunks VALUES ('v', gen_random_uuid(), 0, '')").await;
    refused(session, "INSERT INTO view_snapshots OVERRIDING SYSTEM VALUE SELECT * FROM view_snapshots").await;
    refused(session, "UPDATE view_snapshots SET position = 1").await;
    refused(session, "UPDATE view_snapshot_chunks SET chunk = 1").await;
    refused(session, "DELETE FROM view_snapshots").await;
    refused(session, "TRUNCATE view_snapshot_chunks").await;
}

#[tokio::test]
async fn the_reading_role_reads_and_nothing_else() {
    let Some((database, url)) = as_role("the reading role reads and nothing else", "vestibule_read").await else {
        return;
    };
    let owner = database.store().await;
    event_log(&owner).append(one_event(&stream("one"), 0)).await.unwrap();

    let store = connect(&url).await;
    let log = event_log(&store);
    let page = log.read_all(log.start(), &Filter::default(), 10).await.unwrap();
    assert_eq!(page.events.len(), 1);
    assert!(log.find(page.events[0].id).await.unwrap().is_some());
    let appended = log.append(one_event(&stream("one"), 1)).await;
    assert!(matches!(appended, Err(AppendError::Unavailable(_))), "{appended:?}");
    assert_eq!(owner.head().await.unwrap().position(), 1);

    let mut session = PgConnection::connect(&url).await.unwrap();
    refused(&mut session, "DELETE FROM keys").await;
    refused(&mut session, "INSERT INTO reservations VALUES ('a', 'b', 'c')").await;
    refused(&mut session, "SELECT settle_append(1, gen_random_uuid(), '')").await;
    refused(&mut session, "SELECT make_partition('assertion', '2026-11')").await;
    no_snapshot_is_written(&store, &mut session).await;
}
