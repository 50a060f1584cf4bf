use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::watch;
use vestibule_decider::Reservation;
use vestibule_kernel::{EventId, OrganizationId, Timestamp};

use crate::{AppendError, Cursor, Hash, Metadata, Partition, ReadError, Recorded, StoredPersonal, StreamId, Version};

/// Which events of the global order a reader wants. Empty fields do not filter.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Only streams of these categories. A reader that does not need assertions names what it needs.
    pub categories: Vec<&'static str>,
    /// Only streams of this organization.
    pub organization: Option<OrganizationId>,
}

/// One page of the global order.
#[derive(Clone, Debug)]
pub struct Page {
    /// The events that match, in order.
    pub events: Vec<Recorded>,
    /// Where to go on: behind everything that was looked at, whether it matched or not.
    pub next: Cursor,
    /// Whether `next` was the end of the log when the page was read.
    pub at_head: bool,
}

/// An event that is ready to be stored: its personal part is sealed, its id chosen.
#[derive(Clone, Debug)]
pub struct PreparedEvent {
    /// Its id.
    pub id: EventId,
    /// The dotted name of its type.
    pub name: &'static str,
    /// The revision of its type.
    pub revision: u16,
    /// The public part, JSON text.
    pub data: String,
    /// The personal part, sealed.
    pub personal: Option<StoredPersonal>,
}

impl PreparedEvent {
    /// Its size as limits count it: public part and sealed personal part.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.data.len() + self.personal.as_ref().map_or(0, |personal| personal.ciphertext.len())
    }
}

/// The events of one stream, ready to be stored.
#[derive(Clone, Debug)]
pub struct PreparedStream {
    /// The stream.
    pub stream: StreamId,
    /// The version it must be at.
    pub expected: Version,
    /// Its events; none only holds the stream to its version.
    pub events: Vec<PreparedEvent>,
    /// The unique names its events take or give up, in order.
    pub reservations: Vec<Reservation>,
}

/// One transaction, ready to be stored.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// When it is recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub metadata: Arc<Metadata>,
    /// Its streams, each once.
    pub streams: Vec<PreparedStream>,
}

/// What an append came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Appended {
    /// The versions of the streams after it, in the order of the transaction.
    pub versions: Vec<Version>,
    /// The cursor behind its last event.
    pub cursor: Cursor,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// The port to a database that keeps the log. `vestibule-eventlog-contract` defines how it behaves.
#[async_trait]
pub trait Store: Send + Sync {
    /// Admits and commits a group of transactions in one database transaction, in order, one answer each. A transaction
    /// that is refused leaves no trace and does not disturb its neighbours. Returns after COMMIT.
    ///
    /// # Errors
    /// When the database transaction as a whole failed: nothing of the group is stored ([`AppendError::Unavailable`]),
    /// or it is not known ([`AppendError::Unknown`]).
    async fn commit(&self, group: &[Prepared]) -> Result<Vec<Result<Appended, AppendError>>, AppendError>;

    /// The event with this id, if it is in the log: how an unknown outcome becomes known.
    async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError>;

    /// Events of one stream behind `after`, oldest first, at most `max`.
    async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError>;

    /// One page of everything behind `after`. No event ever appears behind a cursor already returned.
    async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError>;

    /// The stream that holds a unique name.
    async fn holder(&self, scope: &str, key: &str) -> Result<Option<StreamId>, ReadError>;

    /// The end of the log.
    async fn head(&self) -> Result<Cursor, ReadError>;

    /// Tells the log apart from every other, and from itself before a restore.
    fn epoch(&self) -> u64;

    /// Changes whenever there may be something new to read; sent outside of every append transaction.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// What is left of an event whose partition has been archived: enough for the checkpoints to add up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Removed {
    /// Its place in the global order.
    pub position: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The port to closing and removing whole partitions of streams; see [`crate::archive`].
#[async_trait]
pub trait Archive: Store {
    /// Closes a partition for ever: appends to it are refused from now on, and its rows may be removed. Repeating it
    /// changes nothing.
    async fn close(&self, category: &str, partition: Partition, at: Timestamp) -> Result<(), ReadError>;

    /// Removes at most `max` events of a closed partition, oldest first, and leaves a [`Removed`] for each; the unique
    /// names that their streams hold are given up with them. Answers how many; 0 when none is left, or when the
    /// partition is not closed.
    async fn remove(&self, category: &str, partition: Partition, max: usize) -> Result<u64, ReadError>;

    /// What was removed behind `after`, in the order of positions, at most `max`.
    async fn removed(&self, after: u64, max: usize) -> Result<Vec<Removed>, ReadError>;
}

/// One change to a view.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewWrite {
    /// The organization the entry belongs to; `None` for the deployment's own.
    pub organization: Option<OrganizationId>,
    /// The entry's key within view and organization; entries are listed in the order of their keys.
    pub key: String,
    /// The entry, or `None` to remove it.
    pub entry: Option<Value>,
}

/// The port to views kept in the database: documents by view, organization and key.
#[async_trait]
pub trait Views: Send + Sync {
    /// How far the view has read; `None` when it is new.
    async fn checkpoint(&self, view: &str) -> Result<Option<Cursor>, ReadError>;

    /// Stores the writes and moves the checkpoint from `from` to `to`, all or nothing; `false`, and nothing is stored,
    /// when the checkpoint is not at `from` any more because another process runs the same projection.
    async fn advance(
        &self,
        view: &str,
        from: Option<Cursor>,
        to: Cursor,
        writes: &[ViewWrite],
    ) -> Result<bool, ReadError>;

    /// One entry.
    async fn get(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        key: &str,
    ) -> Result<Option<Value>, ReadError>;

    /// Entries behind the key `after`, in order, at most `max`.
    async fn list(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Value)>, ReadError>;
}
