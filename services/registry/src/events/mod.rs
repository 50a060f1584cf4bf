//! Published events for those who have no bus: the same as the relay sends, read behind the same gap-free cursor.

mod error;
mod request;
mod subscription;

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use vestibule_bus::{EventError, Events, ListLimits, Listed};
use vestibule_eventlog::{Cursor, EventLog, Filter};
use vestibule_host::Resources;

pub(crate) use error::Error;
pub(crate) use request::{From, Selection, cursor, page_size};
pub(crate) use subscription::{Subscription, Told};

/// The most subscriptions that a process serves at a time. Each holds two pages of the log at most, one of them read ahead.
const SUBSCRIPTIONS_MAX: usize = 64;

/// How many pages of the log one list looks at before it answers with what it has found.
const LIST_PAGES_MAX: usize = 20;

/// Bytes of the events of one list, unless a single one is larger: clients of gRPC take 4 MiB where they are not told otherwise.
const LIST_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Tells published events.
#[derive(Clone)]
pub(crate) struct Teller {
    log: EventLog,
    events: Events,
    ending: CancellationToken,
    places: Arc<Semaphore>,
    /// After how long without an event a subscriber is told how far the log was read.
    progress_every: Duration,
}

impl Teller {
    pub(crate) fn new(resources: &Resources, progress_every: Duration) -> Self {
        Self {
            log: resources.log.clone(),
            events: Events::new(resources.public_url.to_string()),
            ending: resources.ending.clone(),
            places: Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX)),
            progress_every,
        }
    }

    /// A page of what the selection names, behind a cursor.
    pub(crate) async fn list(
        &self,
        selection: &Selection,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Listed, Error> {
        let after = after.unwrap_or_else(|| self.log.start());
        let limits = ListLimits { events: size, bytes: LIST_BYTES_MAX, pages: LIST_PAGES_MAX };
        Ok(self.events.list(&self.log, after, &selection.wanted, limits).await?)
    }

    /// Everything that the selection names, and then whatever comes.
    pub(crate) async fn subscribe(&self, selection: Selection, from: From) -> Result<Subscription, Error> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::TooManySubscriptions)?;
        let from = match from {
            From::Start => self.log.start(),
            From::After(cursor) => cursor,
            From::End => self.log.head().await.map_err(EventError::from)?,
        };
        // Refuses a cursor of another log before the answer begins.
        self.log.read_all(from, &Filter::default(), 1).await.map_err(EventError::from)?;
        Ok(Subscription::new(self.clone(), selection.wanted, from, place))
    }
}
