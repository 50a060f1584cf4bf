//! Snapshots of views in memory, so that a process which starts need not read the whole log.
//!
//! A snapshot is a cache beside the log. It is taken from the newest one and from the log behind it, never from a view that
//! somebody reads; loading one is followed by everything that the log holds behind its position, so an old one is as good
//! as a new one. Its chunks are sealed under a key of the deployment, each bound to view, format, log, position, the hash
//! of the last event that it took in, and its own place; and it is held against the log before it is used. What does not
//! fit is ignored as a whole, with a reason, and the log is read from its beginning.
//!
//! A view takes in events without their personal part, so a snapshot holds nothing that erasing a person has to reach.

mod load;
mod seal;
mod stream;
mod take;

use std::sync::Arc;

use vestibule_storage::{SnapshotTable, StorageError};

use crate::{EventLog, LiveView};

pub use load::{Loaded, Unusable};
pub use stream::{SnapshotError, SnapshotReader, SnapshotWriter, bytes_of, view_of};
pub use take::{SnapshotOf, TakeError, Taken, Takes};

/// What the key of snapshots is for.
const PURPOSE: &str = "view_snapshot";

/// Whose it is: the deployment's.
const OWNER: &str = "";

/// How many snapshots of a view are kept: when the newest one cannot be used, the one before it can.
const KEPT: u32 = 2;

/// The bytes of a chunk before it is sealed.
const CHUNK_BYTES: usize = 1024 * 1024;

/// The most chunks that a snapshot may have.
const CHUNKS_MAX: u32 = 4_096;

/// A view that can be kept as a snapshot.
///
/// What [`Self::save`] writes must depend on the events alone, not on the order of a hash table, so that two views of the
/// same events are known by the same bytes.
pub trait SnapshotView: LiveView + Default {
    /// The format of its snapshots. Raised with each change of what is written, and of what [`LiveView::apply`] makes of an
    /// event: a snapshot of another format is not used.
    const FORMAT: u32;

    /// Writes everything that the view holds.
    ///
    /// # Errors
    /// What the writer says.
    fn save(&self, to: &mut SnapshotWriter<'_>) -> Result<(), SnapshotError>;

    /// Reads what [`Self::save`] wrote.
    ///
    /// # Errors
    /// What the reader says, and [`SnapshotError::Inconsistent`] when one part of it does not fit another.
    fn restore(from: &mut SnapshotReader<'_>) -> Result<Self, SnapshotError>;
}

/// The snapshots of one log. Cheap to clone.
#[derive(Clone)]
pub struct Snapshots {
    table: Arc<dyn SnapshotTable>,
    log: EventLog,
}

impl Snapshots {
    /// The snapshots in `table`, which are of views of `log`.
    #[must_use]
    pub fn new(table: Arc<dyn SnapshotTable>, log: EventLog) -> Self {
        Self { table, log }
    }

    /// Removes them all, so that every view is made of the whole log when its process starts the next time.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn clear(&self) -> Result<u64, StorageError> {
        self.table.clear().await
    }
}
