use std::time::Duration;

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{Cursor, EventLog, Filter, Page, ReadError};

/// How many events are read at once.
pub(crate) const PAGE_EVENTS: usize = 1_000;

/// A follower looks this often even when nobody woke it: another process may have appended.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The wait after the store did not answer; doubles up to [`RETRY_WAIT_MAX`].
const RETRY_WAIT: Duration = Duration::from_millis(100);

/// The longest wait between two attempts to read.
pub(crate) const RETRY_WAIT_MAX: Duration = Duration::from_secs(5);

/// A place in the log that moves forward: pages one after the other, and then whatever comes.
pub(crate) struct Tail {
    log: EventLog,
    filter: Filter,
    changes: watch::Receiver<u64>,
    after: Cursor,
    at_head: bool,
}

impl Tail {
    pub(crate) fn new(log: EventLog, filter: Filter, after: Cursor) -> Self {
        let changes = log.changes();
        Self { log, filter, changes, after, at_head: false }
    }

    /// The next page; waits at the head for news, at most [`LOOK_EVERY`], so a page may be empty.
    pub(crate) async fn next(&mut self) -> Result<Page, ReadError> {
        if self.at_head {
            // An error says that nobody will wake us any more, so there is nothing left but to look.
            if let Ok(Err(_)) = timeout(LOOK_EVERY, self.changes.changed()).await {
                sleep(LOOK_EVERY).await;
            }
        }
        self.changes.mark_unchanged();
        let page = self.log.read_all(self.after, &self.filter, PAGE_EVENTS).await?;
        self.after = page.next;
        self.at_head = page.at_head;
        Ok(page)
    }

    /// Like [`Self::next`], but waits until the store answers.
    pub(crate) async fn next_patiently(&mut self, reader: &'static str) -> Result<Page, ReadError> {
        let mut wait = RETRY_WAIT;
        loop {
            match self.next().await {
                Err(error @ ReadError::Unavailable(_)) => {
                    tracing::warn!(reader, error = %vestibule_kernel::Chain(&error), "the log cannot be read: retrying");
                    sleep(wait).await;
                    wait = (wait * 2).min(RETRY_WAIT_MAX);
                }
                outcome => return outcome,
            }
        }
    }
}
