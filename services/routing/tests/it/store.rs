//! A store whose readers can be cut off, or left waiting.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_trait::async_trait;
use tokio::sync::watch;
use vestibule_eventlog::{
    AppendError, Appended, Cursor, Filter, Page, Prepared, ReadError, Recorded, Store, StreamId, Version,
};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_kernel::EventId;

#[derive(Clone)]
pub(crate) struct Severed {
    pub(crate) store: SqliteStore,
    pub(crate) cut: Arc<AtomicBool>,
    pub(crate) refused: Arc<AtomicU64>,
    /// As many readers get no answer.
    pub(crate) hold: Arc<AtomicU64>,
}

impl Severed {
    pub(crate) fn over(store: SqliteStore) -> Self {
        Self { store, cut: Arc::default(), refused: Arc::default(), hold: Arc::default() }
    }
}

#[async_trait]
impl Store for Severed {
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
        if self.cut.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(ReadError::Unavailable("the cable is cut".into()));
        }
        if self.hold.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            std::future::pending::<()>().await;
        }
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
