use async_trait::async_trait;
use uuid::Uuid;
use vestibule_kernel::Timestamp;

use crate::{KeyId, StorageError};

/// What finds a snapshot of a view, and what its chunks are bound to. Whoever may write to the table can invent one, so
/// nothing of it is believed before the chunks have opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredSnapshot {
    /// Tells its chunks from those of every other.
    pub id: Uuid,
    /// The name of the view.
    pub view: String,
    /// The format that the view was written in.
    pub format: u32,
    /// The log that it was taken of.
    pub epoch: u64,
    /// Everything of the log up to here is in it.
    pub position: u64,
    /// The position of the last event that it took in.
    pub last_event: u64,
    /// The hash of that event.
    pub last_hash: [u8; 32],
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The key that seals its chunks.
    pub key: KeyId,
    /// How many chunks it has.
    pub chunks: u32,
}

impl StoredSnapshot {
    /// The largest chunk that a store accepts: a mebibyte, and what sealing adds.
    pub const CHUNK_BYTES_MAX: usize = 1024 * 1024 + 64;
}

/// The table of snapshots: a cache beside the log, the same for all instances. Losing it costs time only.
#[async_trait]
pub trait SnapshotTable: Send + Sync {
    /// Stores a sealed chunk of a snapshot that is being taken; nobody finds it before [`Self::publish`].
    async fn put_chunk(&self, view: &str, id: Uuid, index: u32, sealed: &[u8]) -> Result<(), StorageError>;
    /// Makes a snapshot the newest of its view, and forgets all but the newest `keep`. `false`, and nothing changes, when
    /// chunks of it are missing.
    async fn publish(&self, snapshot: &StoredSnapshot, keep: u32) -> Result<bool, StorageError>;
    /// Removes chunks of the view that belong to no snapshot which can be found, at most `max`; answers how many. Few at a
    /// time, since appends may wait meanwhile.
    async fn sweep_chunks(&self, view: &str, max: u32) -> Result<u64, StorageError>;
    /// The newest snapshots of a view, newest first, at most `max`.
    async fn newest(&self, view: &str, max: u32) -> Result<Vec<StoredSnapshot>, StorageError>;
    /// One chunk, as it was stored.
    async fn chunk(&self, view: &str, id: Uuid, index: u32) -> Result<Option<Vec<u8>>, StorageError>;
    /// Removes all snapshots of all views; answers how many there were.
    async fn clear(&self) -> Result<u64, StorageError>;
}
