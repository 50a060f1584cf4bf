use std::time::Duration;

use tokio::time::timeout;
use vestibule_eventlog::Store as _;

use crate::database::{Database, event_log, one_event, stream};

#[tokio::test]
async fn a_reader_is_woken_by_what_another_process_appends() {
    let Some(database) = Database::scratch("a reader is woken by what another process appends").await else { return };
    let (ours, theirs) = (database.store().await, database.store().await);
    let mut changes = ours.changes();
    for expected in 0..3 {
        let appended = event_log(&theirs).append(one_event(&stream("one"), expected)).await.unwrap();
        let woken = changes.wait_for(|head| *head >= appended.cursor.position());
        timeout(Duration::from_secs(20), woken).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_reader_is_woken_again_after_the_server_was_away() {
    let Some(database) = Database::scratch("a reader is woken again after the server was away").await else { return };
    let (ours, theirs) = (database.store().await, database.store().await);
    let mut changes = ours.changes();
    event_log(&theirs).append(one_event(&stream("one"), 0)).await.unwrap();
    timeout(Duration::from_secs(20), changes.wait_for(|head| *head >= 1)).await.unwrap().unwrap();

    let end = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(end).execute(&mut database.session().await).await.unwrap();
    event_log(&theirs).append(one_event(&stream("one"), 1)).await.unwrap();
    timeout(Duration::from_secs(20), changes.wait_for(|head| *head >= 2)).await.unwrap().unwrap();
}
