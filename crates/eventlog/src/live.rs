use std::{
    future::{self, Future},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;
use vestibule_decider::DecodeError;
use vestibule_kernel::{Chain, Timestamp};

use crate::{
    Cursor, EventLog, Filter, Page, ReadError, Recorded,
    snapshot::{Loaded, SnapshotView, Snapshots},
    tail::{PAGE_EVENTS, Tail},
};

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
        Self::begin(log, initial, future::ready(None), stop)
    }

    /// Starts with the newest snapshot that can be used, or with nothing, and feeds the view with what the log holds behind
    /// it, until `stop` is cancelled.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn resume(log: EventLog, snapshots: Snapshots, stop: CancellationToken) -> Self
    where
        V: SnapshotView,
    {
        Self::begin(log, V::default(), async move { snapshots.load::<V>().await }, stop)
    }

    fn begin(
        log: EventLog,
        initial: V,
        loading: impl Future<Output = Option<Loaded<V>>> + Send + 'static,
        stop: CancellationToken,
    ) -> Self {
        let status = LiveStatus { cursor: log.start(), current_at: None, stopped: None };
        let live = Self(Arc::new(Shared { view: RwLock::new(initial), status: watch::Sender::new(status) }));
        let feeding = tokio::spawn(live.clone().feed(log, loading, stop));
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

    /// Reads what the log holds behind the view, at most `pages` of a thousand events, and takes it in at once, without
    /// waiting for the task that feeds the view. Answers whether the view holds everything there was.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    pub async fn pull(&self, log: &EventLog, pages: usize) -> Result<bool, ReadError> {
        let filter = Filter { categories: V::categories(), organization: None };
        let mut after = self.status().cursor;
        for _ in 0..pages {
            let looked_at = log.clock().now();
            let page = log.read_all(after, &filter, PAGE_EVENTS).await?;
            // Whoever feeds the view comes to the same event, stops there and says so.
            if self.apply(&page, looked_at).is_err() {
                return Ok(false);
            }
            if page.at_head {
                return Ok(true);
            }
            after = page.next;
        }
        Ok(false)
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

    async fn feed(
        self,
        log: EventLog,
        loading: impl Future<Output = Option<Loaded<V>>>,
        stop: CancellationToken,
    ) -> StopReason {
        let mut beginning = Some(Beginning::now(V::NAME));
        let Some(loaded) = stop.run_until_cancelled(loading).await else { return StopReason::Cancelled };
        if let Some(loaded) = loaded {
            beginning = beginning.map(|beginning| beginning.with(&loaded));
            self.take_over(loaded);
        }
        let filter = Filter { categories: V::categories(), organization: None };
        let mut tail = Tail::new(log.clone(), filter, self.status().cursor);
        loop {
            let page = tokio::select! {
                () = stop.cancelled() => return StopReason::Cancelled,
                page = tail.next_patiently(V::NAME) => page,
            };
            let page = match page {
                Ok(page) => page,
                Err(error) => return StopReason::Read(error),
            };
            if let Err(reason) = self.apply(&page, tail.looked_at()) {
                return reason;
            }
            beginning = beginning.and_then(|beginning| beginning.behind(&page));
        }
    }

    /// Goes on from a snapshot, unless whoever pulled has come further meanwhile.
    fn take_over(&self, loaded: Loaded<V>) {
        let mut view = self.0.view.write().unwrap_or_else(PoisonError::into_inner);
        if self.0.status.borrow().cursor.position() < loaded.cursor.position() {
            *view = loaded.view;
            self.0.status.send_modify(|status| status.cursor = loaded.cursor);
        }
    }

    /// Takes in a page under one short lock. Two who read the log come to each event, and the second one finds it taken in.
    fn apply(&self, page: &Page, looked_at: Timestamp) -> Result<(), StopReason> {
        // Which events of its page a crash left in the view nobody knows: nothing more may be taken in, or some would be twice.
        let Ok(mut view) = self.0.view.write() else { return Err(StopReason::Panicked) };
        let reached = self.0.status.borrow().cursor.position();
        let mut taken_in = None;
        for event in page.events.iter().filter(|event| event.cursor.position() > reached) {
            if let Err(source) = view.apply(event) {
                let position = event.cursor.position();
                self.0.status.send_modify(|status| status.cursor = taken_in.unwrap_or(status.cursor));
                return Err(StopReason::Poison { position, source });
            }
            taken_in = Some(event.cursor);
        }
        self.0.status.send_modify(|status| {
            if page.next.position() > reached {
                status.cursor = page.next;
            }
            if page.at_head {
                status.current_at = status.current_at.max(Some(looked_at));
            }
        });
        Ok(())
    }
}

/// The time until a view is current, for whoever reads the log of the process.
struct Beginning {
    view: &'static str,
    began: Instant,
    snapshot_position: Option<u64>,
    snapshot_taken_at: Option<String>,
    snapshot_bytes: Option<u64>,
    replayed: u64,
}

impl Beginning {
    fn now(view: &'static str) -> Self {
        let (snapshot_position, snapshot_taken_at, snapshot_bytes) = (None, None, None);
        Self { view, began: Instant::now(), snapshot_position, snapshot_taken_at, snapshot_bytes, replayed: 0 }
    }

    fn with<V>(self, loaded: &Loaded<V>) -> Self {
        Self {
            snapshot_position: Some(loaded.cursor.position()),
            snapshot_taken_at: Some(loaded.taken_at.to_string()),
            snapshot_bytes: Some(loaded.bytes),
            ..self
        }
    }

    /// One page later; nothing once the view holds everything there was.
    fn behind(mut self, page: &Page) -> Option<Self> {
        self.replayed += page.events.len() as u64;
        if !page.at_head {
            return Some(self);
        }
        let seconds = self.began.elapsed().as_secs_f64();
        let position = page.next.position();
        tracing::info!(
            view = self.view,
            position,
            snapshot_position = self.snapshot_position,
            snapshot_taken_at = self.snapshot_taken_at,
            snapshot_bytes = self.snapshot_bytes,
            replayed_events = self.replayed,
            seconds,
            "the view is current; without a snapshot, the log was read from its beginning"
        );
        tracing::debug!(
            view = self.view,
            gauge.vestibule_view_replayed_events = self.replayed,
            gauge.vestibule_view_start_seconds = seconds,
        );
        None
    }
}
