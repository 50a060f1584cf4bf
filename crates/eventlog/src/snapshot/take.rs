use std::{marker::PhantomData, time::Instant};

use async_trait::async_trait;
use tokio::sync::mpsc;
use vestibule_decider::DecodeError;
use vestibule_kernel::Chain;
use vestibule_storage::{Key, KeyError, StorageError, StoredSnapshot};

use super::{
    CHUNKS_MAX, KEPT, OWNER, PURPOSE, SnapshotError, SnapshotView, SnapshotWriter, Snapshots, load::Loaded, seal,
};
use crate::{Cursor, Filter, Hash, ReadError, tail::PAGE_EVENTS};

/// How many sealed chunks wait to be written.
const CHUNKS_AHEAD: usize = 2;

/// How many chunks are removed at once: appends may wait for it.
const SWEPT_CHUNKS: u32 = 4;

/// A snapshot that was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Taken {
    /// Everything up to here is in it.
    pub cursor: Cursor,
    /// How many chunks it has.
    pub chunks: u32,
    /// The bytes of its sealed chunks.
    pub bytes: u64,
    /// How many events were read for it.
    pub replayed: u64,
}

/// No snapshot was taken; nothing depends on it.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The key cannot be had, or does not seal.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The table does not take it.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// An event cannot be understood.
    #[error("the event at position {position} cannot be understood")]
    Poison {
        /// Its place in the global order.
        position: u64,
        /// Why.
        source: DecodeError,
    },
    /// The view cannot be written.
    #[error("the view cannot be written")]
    Unwritable(#[source] SnapshotError),
    /// The view is too large.
    #[error("the view does not fit into {limit} chunks")]
    TooLarge {
        /// The most chunks.
        limit: u32,
    },
    /// Another process removed what was written of it.
    #[error("another process takes snapshots of the same view")]
    Overtaken,
    /// Writing the view crashed.
    #[error("writing the view panicked")]
    Panicked,
}

/// Takes snapshots of one view.
#[async_trait]
pub trait Takes: Send + Sync {
    /// The name of the view.
    fn view(&self) -> &'static str;

    /// Takes a snapshot when the log holds `after_events` for the view behind the last one.
    ///
    /// # Errors
    /// [`TakeError`].
    async fn take(&self, snapshots: &Snapshots, after_events: u64) -> Result<Option<Taken>, TakeError>;
}

/// Takes snapshots of `V`.
pub struct SnapshotOf<V>(PhantomData<fn() -> V>);

impl<V> Default for SnapshotOf<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

#[async_trait]
impl<V: SnapshotView> Takes for SnapshotOf<V> {
    fn view(&self) -> &'static str {
        V::NAME
    }

    async fn take(&self, snapshots: &Snapshots, after_events: u64) -> Result<Option<Taken>, TakeError> {
        snapshots.take::<V>(after_events).await
    }
}

/// A view on its way into a snapshot.
struct Ready<V> {
    view: V,
    cursor: Cursor,
    last: Option<(u64, Hash)>,
    replayed: u64,
}

impl Snapshots {
    /// Takes a snapshot of the view when the log holds `after_events` for it behind the last one: loads that one, takes in
    /// what the log holds behind it, and writes what came of it. Whoever reads the view elsewhere notices nothing.
    ///
    /// # Errors
    /// [`TakeError`]; what was written of it is removed with the next one.
    pub async fn take<V: SnapshotView>(&self, after_events: u64) -> Result<Option<Taken>, TakeError> {
        let head = self.log.head().await?;
        let newest = self.table.newest(V::NAME, 1).await?.into_iter().next();
        let usable = newest
            .filter(|row| row.format == V::FORMAT && row.epoch == head.epoch() && row.position <= head.position());
        let since = usable.as_ref().map_or(self.log.start(), |row| Cursor::at(row.epoch, row.position));
        if let Some(row) = &usable {
            let age = self.log.clock().now().since(row.taken_at).as_secs_f64();
            tracing::debug!(view = V::NAME, gauge.vestibule_snapshot_age_seconds = age);
        }
        if !self.has_gone_on::<V>(since, head, after_events.max(1)).await? {
            return Ok(None);
        }
        let began = Instant::now();
        let ready = self.prepare::<V>(head).await?;
        let Some(last) = ready.last else { return Ok(None) };
        let taken = self.write(ready, last).await?;
        tracing::debug!(
            view = V::NAME,
            gauge.vestibule_snapshot_bytes = taken.bytes,
            histogram.vestibule_snapshot_take_seconds = began.elapsed().as_secs_f64(),
        );
        tracing::info!(
            view = V::NAME,
            position = taken.cursor.position(),
            bytes = taken.bytes,
            replayed_events = taken.replayed,
            seconds = began.elapsed().as_secs_f64(),
            "a snapshot of the view was taken"
        );
        Ok(Some(taken))
    }

    /// Whether the log holds so many events for the view behind `since`. Sign-ins are most of a log and none of them.
    async fn has_gone_on<V: SnapshotView>(&self, since: Cursor, head: Cursor, events: u64) -> Result<bool, ReadError> {
        let filter = Filter { categories: V::categories(), organization: None };
        let (mut at, mut found) = (since, 0);
        while found < events && head.position().saturating_sub(at.position()) >= events - found {
            let page = self.log.read_all(at, &filter, PAGE_EVENTS).await?;
            found += page.events.len() as u64;
            at = page.next;
        }
        Ok(found >= events)
    }

    /// The view with everything up to `head`.
    async fn prepare<V: SnapshotView>(&self, head: Cursor) -> Result<Ready<V>, TakeError> {
        let mut ready = match self.load::<V>().await {
            Some(Loaded { view, cursor, last, .. }) => Ready { view, cursor, last: Some(last), replayed: 0 },
            None => Ready { view: V::default(), cursor: self.log.start(), last: None, replayed: 0 },
        };
        let filter = Filter { categories: V::categories(), organization: None };
        while ready.cursor.position() < head.position() {
            let page = self.log.read_all(ready.cursor, &filter, PAGE_EVENTS).await?;
            for event in &page.events {
                let position = event.cursor.position();
                ready.view.apply(event).map_err(|source| TakeError::Poison { position, source })?;
                ready.last = Some((position, event.hash));
            }
            ready.replayed += page.events.len() as u64;
            ready.cursor = page.next;
        }
        Ok(ready)
    }

    async fn write<V: SnapshotView>(&self, ready: Ready<V>, last: (u64, Hash)) -> Result<Taken, TakeError> {
        let key = self.log.keys().current(PURPOSE, OWNER).await?;
        let taken_at = self.log.clock().now();
        let Ready { view, cursor, replayed, .. } = ready;
        let mut row = StoredSnapshot {
            id: self.log.ids().uuid_v7(taken_at),
            view: V::NAME.to_owned(),
            format: V::FORMAT,
            epoch: cursor.epoch(),
            position: cursor.position(),
            last_event: last.0,
            last_hash: last.1,
            taken_at,
            key: key.id,
            chunks: 0,
        };
        let (chunks, mut sealed) = mpsc::channel::<Vec<u8>>(CHUNKS_AHEAD);
        let sealing_for = row.clone();
        let sealing = tokio::task::spawn_blocking(move || encode(&view, &sealing_for, &key, &chunks));
        let mut bytes = 0;
        while let Some(chunk) = sealed.recv().await {
            self.table.put_chunk(V::NAME, row.id, row.chunks, &chunk).await?;
            bytes += chunk.len() as u64;
            row.chunks += 1;
        }
        sealing.await.map_err(|_| TakeError::Panicked)??;
        if !self.table.publish(&row, KEPT).await? {
            return Err(TakeError::Overtaken);
        }
        if let Err(error) = self.sweep::<V>().await {
            tracing::warn!(view = V::NAME, error = %Chain(&error), "what is left of old snapshots stays for the next time");
        }
        Ok(Taken { cursor, chunks: row.chunks, bytes, replayed })
    }

    /// Removes what is left of older snapshots, and of those that were given up.
    async fn sweep<V: SnapshotView>(&self) -> Result<(), StorageError> {
        while self.table.sweep_chunks(V::NAME, SWEPT_CHUNKS).await? == u64::from(SWEPT_CHUNKS) {}
        Ok(())
    }
}

/// Encodes the view and seals its chunks. Not on a thread that serves requests.
fn encode<V: SnapshotView>(
    view: &V,
    row: &StoredSnapshot,
    key: &Key,
    to: &mpsc::Sender<Vec<u8>>,
) -> Result<(), TakeError> {
    let (mut index, mut failed) = (0, None);
    let mut emit = |chunk: &[u8], is_last: bool| {
        let sealed = if index == CHUNKS_MAX {
            Err(TakeError::TooLarge { limit: CHUNKS_MAX })
        } else {
            key.seal(&seal::binding(row, index, is_last), chunk).map_err(TakeError::Key)
        };
        index += 1;
        match sealed {
            Ok(sealed) => to.blocking_send(sealed).map_err(|_| SnapshotError::GivenUp),
            Err(error) => {
                failed = Some(error);
                Err(SnapshotError::GivenUp)
            }
        }
    };
    let mut writer = SnapshotWriter::new(&mut emit);
    let written = view.save(&mut writer).and_then(|()| writer.end());
    match failed {
        Some(failed) => Err(failed),
        None => written.map_err(TakeError::Unwritable),
    }
}
