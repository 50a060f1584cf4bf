use std::{env, process::Command};

use vestibule_eventlog_contract::crash::{kill_after, nothing_is_lost, write_until_killed};

use crate::database::{Database, connect};

/// Names the database to the child, and tells it that it is one.
const CHILD: &str = "VESTIBULE_TEST_CRASH_CHILD";

/// The child: does nothing unless it was started as one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    if let Ok(url) = env::var(CHILD) {
        write_until_killed(connect(&url).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_writer_has_lost_nothing_that_was_acknowledged() {
    let Some(database) = Database::scratch("a killed writer has lost nothing that was acknowledged").await else {
        return;
    };
    let mut acknowledged = Vec::new();
    for count in [1, 40, 150] {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["crash::child", "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, &database.url);
        acknowledged.extend(tokio::task::spawn_blocking(move || kill_after(child, count)).await.unwrap());
        nothing_is_lost(database.store().await, &acknowledged).await;
    }
}
