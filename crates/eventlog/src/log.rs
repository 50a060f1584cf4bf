use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use vestibule_decider::DomainEvent;
use vestibule_kernel::{Clock, EventId, IdSource, Timestamp};
use vestibule_storage::KeyStore;

use crate::{
    AppendError, Appended, Cursor, Draft, Filter, LoadError, Page, Prepared, PreparedEvent, PreparedStream, ReadError,
    Recorded, Store, StreamAppend, StreamId, Transaction, Version, admission,
    committer::{self, Job},
    limit, personal,
};

/// The log as services hold it: seals personal fields, commits concurrent appends as groups, executes commands, reads.
/// Cloning it is cheap.
#[derive(Clone)]
pub struct EventLog {
    inner: Arc<Inner>,
    queue: mpsc::Sender<Job>,
}

struct Inner {
    store: Arc<dyn Store>,
    keys: KeyStore,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl EventLog {
    /// The log in `store`. Starts the task that commits groups; it ends, when all it was given is committed, after the
    /// last clone is gone.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, keys: KeyStore, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let (queue, jobs) = mpsc::channel(limit::QUEUE_TRANSACTIONS_MAX);
        tokio::spawn(committer::run(Arc::clone(&store), jobs));
        Self { inner: Arc::new(Inner { store, keys, clock, ids }), queue }
    }

    /// Appends the whole transaction or nothing, together with what others append at the same moment. Returns after
    /// COMMIT. A caller that goes away meanwhile changes nothing about the outcome; while the queue is full, callers
    /// wait.
    ///
    /// # Errors
    /// [`AppendError`]; nothing was stored except, perhaps, with [`AppendError::Unknown`].
    pub async fn append(&self, transaction: Transaction) -> Result<Appended, AppendError> {
        let transaction = self.prepare(transaction).await?;
        // Refused here too, so that what is too large does not fill the queue.
        admission::check_size(&transaction)?;
        if transaction.streams.is_empty() {
            let cursor = self.head().await.map_err(|error| AppendError::Unavailable(Box::new(error)))?;
            return Ok(Appended { versions: Vec::new(), cursor, recorded_at: transaction.recorded_at });
        }
        let (reply, answer) = oneshot::channel();
        let queued = self.queue.send(Job { transaction, reply }).await;
        queued.map_err(|_| AppendError::Unavailable(Box::new(committer::Gone)))?;
        // The committer answers every job it has taken; only its own end, in the middle of a group, leaves one open.
        answer.await.map_err(|_| AppendError::Unknown(Box::new(committer::Gone)))?
    }

    async fn prepare(&self, transaction: Transaction) -> Result<Prepared, AppendError> {
        let recorded_at = self.inner.clock.now();
        let mut streams = Vec::with_capacity(transaction.appends.len());
        for StreamAppend { stream, expected, drafts } in transaction.appends {
            let mut events = Vec::with_capacity(drafts.len());
            let mut reservations = Vec::new();
            for mut draft in drafts {
                reservations.append(&mut draft.reservations);
                events.push(self.prepare_event(draft, recorded_at).await?);
            }
            streams.push(PreparedStream { stream, expected, events, reservations });
        }
        Ok(Prepared { recorded_at, metadata: Arc::new(transaction.metadata), streams })
    }

    async fn prepare_event(&self, draft: Draft, now: Timestamp) -> Result<PreparedEvent, AppendError> {
        let id = draft.id.unwrap_or_else(|| EventId::from_uuid(self.inner.ids.uuid_v7(now)));
        let personal = match &draft.personal {
            Some(fields) => Some(personal::seal(&self.inner.keys, id, fields).await?),
            None => None,
        };
        Ok(PreparedEvent { id, name: draft.name, revision: draft.revision, data: draft.data, personal })
    }

    /// Reads a recorded event together with its personal part; that part is withheld when its key has been destroyed.
    ///
    /// # Errors
    /// [`LoadError`]; the reader must stop.
    pub async fn open<E: DomainEvent>(&self, recorded: &Recorded) -> Result<E, LoadError> {
        let opened = personal::open(&self.inner.keys, recorded).await?;
        recorded.decode_with(opened).map_err(|source| LoadError::decode(recorded, source))
    }

    /// Events of one stream behind `after`, oldest first, at most `max`.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError> {
        self.inner.store.read_stream(stream, after, max).await
    }

    /// One page of everything behind `after`. No event ever appears behind a cursor already returned.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError> {
        self.inner.store.read_all(after, filter, max).await
    }

    /// The event with this id, if it is in the log.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError> {
        self.inner.store.find(id).await
    }

    /// The stream that holds a unique name.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn holder(&self, scope: &str, key: &str) -> Result<Option<StreamId>, ReadError> {
        self.inner.store.holder(scope, key).await
    }

    /// The end of the log.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn head(&self) -> Result<Cursor, ReadError> {
        self.inner.store.head().await
    }

    /// The cursor before the first event.
    #[must_use]
    pub fn start(&self) -> Cursor {
        Cursor::at(self.inner.store.epoch(), 0)
    }

    /// Changes whenever there may be something new to read.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.store.changes()
    }

    /// How many transactions wait behind the group that is being committed.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        &*self.inner.ids
    }

    pub(crate) fn keys(&self) -> &KeyStore {
        &self.inner.keys
    }
}
