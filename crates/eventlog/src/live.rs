use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;
use vestibule_decider::DecodeError;
use vestibule_kernel::{Chain, Timestamp};

use crate::{Cursor, EventLog, Filter, ReadError, Recorded, tail::Tail};

/// A view in memory, fed by the log.
pub trait LiveView: Send + Sync + 'static {
    /// The view's name, for logs and metrics.
    const NAME: &'static str;

    /// The categories of streams it needs; none for all.
    fn categories() -> Vec<&'static str>;

    /// Takes in one event.
    ///
    /// # Errors
    /// [`DecodeError`] when the event cannot be understood. The view stops there: it must not be silently wrong.
    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError>;
}

/// Why a view or a projection does not go on.
#[derive(Debug, thiserror::Error)]
pub enum StopReason {
    /// An event cannot be understood.
    #[error("the event at position {position} cannot be understood")]
    Poison {
        /// Its place in the global order.
        position: u64,
        /// Why.
        source: DecodeError,
    },
    /// The log cannot be read any further.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Applying an event crashed.
    #[error("applying an event panicked")]
    Panicked,
    /// It was asked to stop.
    #[error("stopped with the process")]
    Cancelled,
}

/// The view stopped before it was complete.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the view has stopped")]
pub struct ViewStopped(#[source] pub Arc<StopReason>);

/// How a view is doing.
#[derive(Clone, Debug)]
pub struct LiveStatus {
    /// Everything up to here is in the view.
    pub cursor: Cursor,
    /// The last moment at which the view held everything there was; `None` while it still catches up.
    pub current_at: Option<Timestamp>,
    /// Why it stopped, if it has.
    pub stopped: Option<Arc<StopReason>>,
}

impl LiveStatus {
    /// How old the view is at `now`; `None` while it still catches up for the first time.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        self.current_at.map(|at| now.since(at))
    }
}

/// A [`LiveView`] with the task that feeds it. Clones share the view.
pub struct Live<V>(Arc<Shared<V>>);

struct Shared<V> {
    view: RwLock<V>,
    status: watch::Sender<LiveStatus>,
}

impl<V> Clone for Live<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: LiveView> Live<V> {
    /// Starts feeding `initial`, which holds nothing yet, from the beginning of the log, until `stop` is cancelled.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(log: EventLog, initial: V, stop: CancellationToken) -> Self {
        let status = LiveStatus { cursor: log.start(), current_at: None, stopped: None };
        let live = Self(Arc::new(Shared { view: RwLock::new(initial), status: watch::Sender::new(status) }));
        let feeding = tokio::spawn(live.clone().feed(log, stop));
        let stopped = live.clone();
        tokio::spawn(async move {
            // A panic in `apply` ends the task; the view must say so.
            let reason = feeding.await.unwrap_or(StopReason::Panicked);
            if !matches!(reason, StopReason::Cancelled) {
                tracing::error!(view = V::NAME, error = %Chain(&reason), "the view has stopped");
            }
            stopped.0.status.send_modify(|status| status.stopped = Some(Arc::new(reason)));
        });
        live
    }

    /// Looks at the view. Keep it short: the view cannot take in events meanwhile.
    pub fn read<R>(&self, look: impl FnOnce(&V) -> R) -> R {
        look(&self.0.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until the view has held everything there was, for the first time.
    ///
    /// # Errors
    /// When it stopped before.
    pub async fn caught_up(&self) -> Result<(), ViewStopped> {
        self.wait(|status| status.current_at.is_some()).await
    }

    /// Waits until everything up to `cursor` is in the view, at most `within`; whether it is. Read your own writes with
    /// the cursor of the append.
    pub async fn reached(&self, cursor: Cursor, within: Duration) -> bool {
        let reached = self
            .wait(|status| status.cursor.epoch() == cursor.epoch() && status.cursor.position() >= cursor.position());
        matches!(timeout(within, reached).await, Ok(Ok(())))
    }

    /// How the view is doing.
    #[must_use]
    pub fn status(&self) -> LiveStatus {
        self.0.status.borrow().clone()
    }

    async fn wait(&self, done: impl Fn(&LiveStatus) -> bool) -> Result<(), ViewStopped> {
        let mut status = self.0.status.subscribe();
        let status = status.wait_for(|status| done(status) || status.stopped.is_some()).await;
        // The sender lives in `self`, so the channel is never closed here.
        let Ok(status) = status else { return Err(ViewStopped(Arc::new(StopReason::Cancelled))) };
        match &status.stopped {
            Some(reason) if !done(&status) => Err(ViewStopped(Arc::clone(reason))),
            _ => Ok(()),
        }
    }

    async fn feed(self, log: EventLog, stop: CancellationToken) -> StopReason {
        let filter = Filter { categories: V::categories(), organization: None };
        let mut tail = Tail::new(log.clone(), filter, log.start());
        loop {
            let page = tokio::select! {
                () = stop.cancelled() => return StopReason::Cancelled,
                page = tail.next_patiently(V::NAME) => page,
            };
            let page = match page {
                Ok(page) => page,
                Err(error) => return StopReason::Read(error),
            };
            if let Err(reason) = self.apply(&page.events) {
                return reason;
            }
            let now = log.clock().now();
            self.0.status.send_modify(|status| {
                status.cursor = page.next;
                if page.at_head {
                    status.current_at = Some(now);
                }
            });
        }
    }

    /// Takes in a page under one short lock.
    fn apply(&self, events: &[Recorded]) -> Result<(), StopReason> {
        if events.is_empty() {
            return Ok(());
        }
        let mut view = self.0.view.write().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            let position = event.cursor.position();
            view.apply(event).map_err(|source| StopReason::Poison { position, source })?;
        }
        Ok(())
    }
}
