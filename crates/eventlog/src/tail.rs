use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use vestibule_kernel::Timestamp;

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
    looked_at: Timestamp,
    /// Far from the head the next page is read while whoever asked takes in the last one: at most one.
    ahead: JoinSet<Result<Looked, ReadError>>,
}

/// A page, and the moment before it was read.
struct Looked {
    at: Timestamp,
    page: Page,
}

impl Tail {
    pub(crate) fn new(log: EventLog, filter: Filter, after: Cursor) -> Self {
        let (changes, looked_at) = (log.changes(), log.clock().now());
        Self { log, filter, changes, after, at_head: false, looked_at, ahead: JoinSet::new() }
    }

    /// The next page; waits at the head for news, at most [`LOOK_EVERY`], so a page may be empty.
    pub(crate) async fn next(&mut self) -> Result<Page, ReadError> {
        // A reader ahead that crashed is gone: the page is read here, where a crash is seen.
        let looked = if let Some(Ok(looked)) = self.ahead.join_next().await {
            looked?
        } else {
            self.wait().await;
            self.look().await?
        };
        self.after = looked.page.next;
        self.at_head = looked.page.at_head;
        self.looked_at = looked.at;
        if !self.at_head {
            let ahead = self.look();
            self.ahead.spawn(ahead);
        }
        Ok(looked.page)
    }

    /// When it was still to be seen whether there is more than the last page says: what that page leaves out came later.
    pub(crate) const fn looked_at(&self) -> Timestamp {
        self.looked_at
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

    async fn wait(&mut self) {
        if self.at_head {
            // An error says that nobody will wake us any more, so there is nothing left but to look.
            if let Ok(Err(_)) = timeout(LOOK_EVERY, self.changes.changed()).await {
                sleep(LOOK_EVERY).await;
            }
        }
    }

    /// What is appended from now on counts as a change: it may be too late for this page.
    fn look(&mut self) -> impl Future<Output = Result<Looked, ReadError>> + Send + use<> {
        self.changes.mark_unchanged();
        let (log, filter, after) = (self.log.clone(), self.filter.clone(), self.after);
        async move {
            let at = log.clock().now();
            let page = log.read_all(after, &filter, PAGE_EVENTS).await?;
            Ok(Looked { at, page })
        }
    }
}
