//! A store whose readers can be held up or cut off.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use tokio::sync::watch;
use vestibule_eventlog::{
    AppendError, Appended, Cursor, Filter, Page, Prepared, ReadError, Recorded, Store, StreamId, Version,
};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_kernel::EventId;

use crate::deployment::eventually;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Gate {
    Open,
    /// Whoever reads the global order waits.
    Closed,
    /// The one that comes first waits: the view's own. Whoever comes later gets through.
    Held,
    /// Whoever reads the global order is refused.
    Severed,
}

#[derive(Clone)]
pub(crate) struct Gated {
    pub(crate) store: SqliteStore,
    gate: Arc<watch::Sender<Gate>>,
    /// How many readers came to a gate that was not open.
    turned_away: Arc<AtomicU64>,
    /// How many readers got through although the gate was not open.
    let_through: Arc<AtomicU64>,
}

impl Gated {
    pub(crate) fn over(store: SqliteStore) -> Self {
        Self {
            store,
            gate: Arc::new(watch::Sender::new(Gate::Open)),
            turned_away: Arc::default(),
            let_through: Arc::default(),
        }
    }

    /// Closes or severs, and waits until the reader has noticed: nothing that is appended from now on gets through.
    pub(crate) async fn stop_readers(&self, gate: Gate) {
        self.turned_away.store(0, Ordering::SeqCst);
        self.gate.send_replace(gate);
        eventually(async || self.turned_away.load(Ordering::SeqCst) > 0).await;
    }

    pub(crate) fn open(&self) {
        self.gate.send_replace(Gate::Open);
    }

    pub(crate) fn let_through(&self) -> u64 {
        self.let_through.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Store for Gated {
    async fn commit(&self, group: &[Prepared]) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.store.commit(group).await
    }

    async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError> {
        self.store.find(id).await
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError> {
        self.store.read_stream(stream, after, max).await
    }

    async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError> {
        let gate = *self.gate.borrow();
        if gate == Gate::Held && self.turned_away.load(Ordering::SeqCst) > 0 {
            self.let_through.fetch_add(1, Ordering::SeqCst);
            return self.store.read_all(after, filter, max).await;
        }
        if gate != Gate::Open {
            self.turned_away.fetch_add(1, Ordering::SeqCst);
        }
        if gate == Gate::Severed {
            return Err(ReadError::Unavailable("the cable is cut".into()));
        }
        let opened = self.gate.subscribe().wait_for(|gate| *gate == Gate::Open).await.map(drop);
        opened.map_err(|gone| ReadError::Unavailable(Box::new(gone)))?;
        self.store.read_all(after, filter, max).await
    }

    async fn holder(&self, scope: &str, key: &str) -> Result<Option<StreamId>, ReadError> {
        self.store.holder(scope, key).await
    }

    async fn head(&self) -> Result<Cursor, ReadError> {
        self.store.head().await
    }

    fn epoch(&self) -> u64 {
        self.store.epoch()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.store.changes()
    }
}
