use std::time::Instant;

use tokio::sync::mpsc;
use vestibule_kernel::{Chain, Timestamp};
use vestibule_storage::{Key, KeyError, OpenError, StorageError, StoredSnapshot};

use super::{CHUNKS_MAX, KEPT, OWNER, PURPOSE, SnapshotError, SnapshotView, Snapshots, seal, stream};
use crate::{Cursor, Filter, Hash, ReadError};

/// How many chunks are read ahead of the one that is being decoded.
const CHUNKS_AHEAD: usize = 2;

/// A view as a snapshot had it.
pub struct Loaded<V> {
    /// The view.
    pub view: V,
    /// Everything up to here is in it: go on behind it.
    pub cursor: Cursor,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The bytes of its sealed chunks.
    pub bytes: u64,
    /// The last event that it took in.
    pub(super) last: (u64, Hash),
}

/// Why a snapshot is not used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Another version of the program wrote it.
    #[error("it has format {found}, this program reads {wanted}")]
    OtherFormat {
        /// What it has.
        found: u32,
        /// What this program reads.
        wanted: u32,
    },
    /// It was taken of another log, or before a restore.
    #[error("it was taken of another log, or before the log was restored")]
    OtherEpoch,
    /// The log ends before it.
    #[error("it reaches position {position}, the log ends before")]
    AheadOfLog {
        /// What it reaches.
        position: u64,
    },
    /// The log has another event at the place of the last one that it took in.
    #[error("the log has another event at position {position} than the one it took in")]
    OtherHistory {
        /// The place of the event.
        position: u64,
    },
    /// Its row names a number of chunks that no snapshot has.
    #[error("it claims to have {chunks} chunks")]
    Implausible {
        /// What it claims.
        chunks: u32,
    },
    /// The key that sealed it is not there.
    #[error("the key that sealed it is not there")]
    KeyMissing,
    /// A chunk is not there.
    #[error("chunk {index} is missing")]
    Incomplete {
        /// Its place.
        index: u32,
    },
    /// A chunk was changed, is of another snapshot, or is not where it was.
    #[error("chunk {index} does not open: it was changed, is of another snapshot, or is not where it was")]
    Forged {
        /// Its place.
        index: u32,
        /// What the seal says.
        source: OpenError,
    },
    /// The chunks open, and what they hold cannot be read.
    #[error("what it holds cannot be read")]
    Undecodable(#[source] SnapshotError),
    /// Decoding it crashed.
    #[error("reading it panicked")]
    Panicked,
    /// The keys cannot be had.
    #[error("its key cannot be read")]
    Key(#[source] KeyError),
    /// The table does not answer.
    #[error("the snapshots cannot be read")]
    Storage(#[source] StorageError),
    /// The log does not answer.
    #[error("the log cannot be read")]
    Read(#[source] ReadError),
}

impl Unusable {
    /// The stable name of the reason, for metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::OtherFormat { .. } => "OTHER_FORMAT",
            Self::OtherEpoch => "OTHER_EPOCH",
            Self::AheadOfLog { .. } => "AHEAD_OF_LOG",
            Self::OtherHistory { .. } => "OTHER_HISTORY",
            Self::Implausible { .. } => "IMPLAUSIBLE",
            Self::KeyMissing => "KEY_MISSING",
            Self::Incomplete { .. } => "INCOMPLETE",
            Self::Forged { .. } => "FORGED",
            Self::Undecodable(_) | Self::Panicked => "UNDECODABLE",
            Self::Key(_) | Self::Storage(_) | Self::Read(_) => "UNAVAILABLE",
        }
    }
}

impl Snapshots {
    /// The newest snapshot of the view that can be used; `None` when there is none. Of one that cannot be used, the log says
    /// why, and nothing of it gets into a view.
    pub async fn load<V: SnapshotView>(&self) -> Option<Loaded<V>> {
        let rows = match self.table.newest(V::NAME, KEPT).await {
            Ok(rows) => rows,
            Err(error) => {
                ignored(V::NAME, None, &Unusable::Storage(error));
                return None;
            }
        };
        for row in rows {
            let began = Instant::now();
            match self.open::<V>(&row).await {
                Ok(loaded) => {
                    tracing::debug!(
                        view = V::NAME,
                        gauge.vestibule_snapshot_loaded_bytes = loaded.bytes,
                        histogram.vestibule_snapshot_load_seconds = began.elapsed().as_secs_f64(),
                    );
                    return Some(loaded);
                }
                Err(unusable) => ignored(V::NAME, Some(row.position), &unusable),
            }
        }
        None
    }

    /// The view as this snapshot has it.
    ///
    /// # Errors
    /// [`Unusable`]: why it must not be used.
    pub async fn open<V: SnapshotView>(&self, row: &StoredSnapshot) -> Result<Loaded<V>, Unusable> {
        self.check::<V>(row).await?;
        let key = self.log.keys().find(PURPOSE, OWNER, row.key).await.map_err(Unusable::Key)?;
        let key = key.ok_or(Unusable::KeyMissing)?;
        let (chunks, arriving) = mpsc::channel(CHUNKS_AHEAD);
        let sealed_by = row.clone();
        let decoding = tokio::task::spawn_blocking(move || decode::<V>(&sealed_by, &key, arriving));
        let fetched = self.fetch(row, &chunks).await;
        drop(chunks);
        let decoded = decoding.await.map_err(|_| Unusable::Panicked)?;
        // That a chunk is missing explains why decoding failed; that nobody wanted more of them does not.
        let bytes = fetched?;
        let view = decoded?;
        let cursor = Cursor::at(row.epoch, row.position);
        Ok(Loaded { view, cursor, taken_at: row.taken_at, bytes, last: (row.last_event, row.last_hash) })
    }

    /// Whether the row is of this view, of this program and of this log.
    async fn check<V: SnapshotView>(&self, row: &StoredSnapshot) -> Result<(), Unusable> {
        if row.format != V::FORMAT {
            return Err(Unusable::OtherFormat { found: row.format, wanted: V::FORMAT });
        }
        if row.epoch != self.log.start().epoch() {
            return Err(Unusable::OtherEpoch);
        }
        if row.chunks == 0 || row.chunks > CHUNKS_MAX {
            return Err(Unusable::Implausible { chunks: row.chunks });
        }
        let head = self.log.head().await.map_err(Unusable::Read)?;
        if row.position > head.position() || row.last_event > row.position {
            return Err(Unusable::AheadOfLog { position: row.position });
        }
        let before = Cursor::at(row.epoch, row.last_event.saturating_sub(1));
        let filter = Filter { categories: V::categories(), organization: None };
        let page = self.log.read_all(before, &filter, 1).await.map_err(Unusable::Read)?;
        let same = |event: &crate::Recorded| event.cursor.position() == row.last_event && event.hash == row.last_hash;
        if page.events.first().is_some_and(same) {
            Ok(())
        } else {
            Err(Unusable::OtherHistory { position: row.last_event })
        }
    }

    async fn fetch(&self, row: &StoredSnapshot, to: &mpsc::Sender<Vec<u8>>) -> Result<u64, Unusable> {
        let mut bytes = 0;
        for index in 0..row.chunks {
            let sealed = self.table.chunk(&row.view, row.id, index).await.map_err(Unusable::Storage)?;
            let sealed = sealed.ok_or(Unusable::Incomplete { index })?;
            bytes += sealed.len() as u64;
            if to.send(sealed).await.is_err() {
                // Whoever decodes has found something, and says what.
                break;
            }
        }
        Ok(bytes)
    }
}

/// Opens and decodes the chunks as they arrive. Not on a thread that serves requests.
fn decode<V: SnapshotView>(
    row: &StoredSnapshot,
    key: &Key,
    mut arriving: mpsc::Receiver<Vec<u8>>,
) -> Result<V, Unusable> {
    let (mut index, mut forged) = (0, None);
    let mut fetch = || {
        if index == row.chunks {
            return Ok(None);
        }
        let sealed = arriving.blocking_recv().ok_or(SnapshotError::GivenUp)?;
        let binding = seal::binding(row, index, index + 1 == row.chunks);
        match key.open(&binding, &sealed) {
            Ok(chunk) => {
                index += 1;
                Ok(Some(chunk))
            }
            Err(source) => {
                forged = Some(Unusable::Forged { index, source });
                Err(SnapshotError::GivenUp)
            }
        }
    };
    let read = stream::read(&mut fetch);
    match forged {
        Some(forged) => Err(forged),
        None => read.map_err(Unusable::Undecodable),
    }
}

fn ignored(view: &'static str, position: Option<u64>, unusable: &Unusable) {
    let reason = unusable.reason();
    tracing::warn!(view, reason, position, error = %Chain(unusable), "a snapshot of the view is ignored");
    // Apart from the line above: whatever stands in it would become a label.
    tracing::debug!(view, reason, monotonic_counter.vestibule_snapshots_ignored = 1_u64);
}
