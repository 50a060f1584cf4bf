use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use sqlx::{ConnectOptions as _, PgConnection};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::open::Inner;

/// How often a process asks for the last position while somebody waits for events.
pub const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// How long it waits after the server did not answer.
const PAUSE_AFTER_FAULT: Duration = Duration::from_secs(1);

/// Starts the one task of this process that looks for what other processes append. It ends with the store.
pub(crate) fn watch(inner: &Arc<Inner>) {
    tokio::spawn(run(Arc::downgrade(inner)));
}

async fn run(inner: Weak<Inner>) {
    let mut ticks = interval(POLL_INTERVAL);
    // After a stall the present counts, not the ticks that were missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection: Option<PgConnection> = None;
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        if inner.changes.receiver_count() == 0 {
            continue;
        }
        if let Err(error) = look(&inner, &mut connection).await {
            tracing::warn!(error = %vestibule_kernel::Chain(&error), "the last position of the event log cannot be read");
            connection = None;
            drop(inner);
            sleep(PAUSE_AFTER_FAULT).await;
        }
    }
}

async fn look(inner: &Inner, connection: &mut Option<PgConnection>) -> Result<(), sqlx::Error> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(inner.options.connect().await?),
    };
    let head: Option<i64> = sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(connection).await?;
    inner.told(head.unwrap_or(0).unsigned_abs());
    Ok(())
}

impl Inner {
    /// Wakes those who wait, when `head` is new to them.
    pub(crate) fn told(&self, head: u64) {
        self.changes.send_if_modified(|known| {
            let new = head > *known;
            *known = head.max(*known);
            new
        });
    }
}
