//! What somebody with all rights on the table of snapshots does to it, and that nothing of it is believed.

use vestibule_decider::DecodeError;
use vestibule_eventlog::{
    EventLog, LiveView, Recorded,
    snapshot::{SnapshotError, SnapshotReader, SnapshotView, SnapshotWriter, bytes_of},
};
use vestibule_kernel::{IdSource as _, SystemIds};
use vestibule_storage::{KeyId, StoredSnapshot};

use crate::{
    fixture::{Stores, adding, counter, event_log, key_store},
    snapshot::{Ledger, fill, replayed, resumed, snapshots, taken},
    tamper::Attacker,
};

/// Another view, of the same form.
#[derive(Default)]
struct Other(Ledger);

impl LiveView for Other {
    const NAME: &'static str = "contract.other";

    fn categories() -> Vec<&'static str> {
        Ledger::categories()
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        self.0.apply(event)
    }
}

impl SnapshotView for Other {
    const FORMAT: u32 = Ledger::FORMAT;

    fn save(&self, to: &mut SnapshotWriter<'_>) -> Result<(), SnapshotError> {
        self.0.save(to)
    }

    fn restore(from: &mut SnapshotReader<'_>) -> Result<Self, SnapshotError> {
        Ledger::restore(from).map(Self)
    }
}

/// A log with two genuine snapshots, and what they are made of.
struct Genuine<S> {
    store: S,
    log: EventLog,
    older: (StoredSnapshot, Vec<Vec<u8>>),
    newer: (StoredSnapshot, Vec<Vec<u8>>),
}

impl<S: Stores> Genuine<S> {
    async fn new(store: S) -> Self {
        let (log, mut versions) = (event_log(&store), [0; 3]);
        fill(&log, &mut versions, 9).await;
        taken(&store, &log).await;
        fill(&log, &mut versions, 3).await;
        taken(&store, &log).await;
        fill(&log, &mut versions, 2).await;
        let rows = store.newest(Ledger::NAME, 2).await.unwrap();
        let [newer, older] = rows.try_into().expect("two");
        let (older, newer) = (Self::with_chunks(&store, older).await, Self::with_chunks(&store, newer).await);
        assert_eq!((older.1.len(), newer.1.len()), (2, 2));
        Self { store, log, older, newer }
    }

    async fn with_chunks(store: &S, row: StoredSnapshot) -> (StoredSnapshot, Vec<Vec<u8>>) {
        let mut chunks = Vec::new();
        for index in 0..row.chunks {
            chunks.push(store.chunk(&row.view, row.id, index).await.unwrap().expect("a chunk"));
        }
        (row, chunks)
    }

    /// Puts this in the place of all snapshots of the view it names, and answers why it is not used. Who starts comes to
    /// what the log says.
    async fn refused(&self, row: StoredSnapshot, chunks: &[Vec<u8>]) -> &'static str {
        self.store.clear().await.unwrap();
        for (index, chunk) in (0..).zip(chunks) {
            self.store.put_chunk(&row.view, row.id, index, chunk).await.unwrap();
        }
        assert!(self.store.publish(&row, 1).await.unwrap());
        let whole = replayed(&self.log).await;
        assert_eq!(resumed(&self.store, &self.log).await, (bytes_of(&whole).unwrap(), whole.applied));
        let snapshots = snapshots(&self.store, &self.log);
        assert!(snapshots.load::<Ledger>().await.is_none());
        snapshots.open::<Ledger>(&row).await.err().expect("it is refused").reason()
    }
}

/// Bytes that were changed, left out, exchanged, or taken from another snapshot.
pub async fn chunks_that_were_changed_are_not_believed(store: impl Stores) {
    let genuine = Genuine::new(store).await;
    let (row, chunks) = &genuine.newer;
    for (chunk, byte) in [(0, 0), (0, 500_000), (1, 11), (1, chunks[1].len() - 1)] {
        let mut flipped = chunks.clone();
        flipped[chunk][byte] ^= 1;
        assert_eq!(genuine.refused(row.clone(), &flipped).await, "FORGED", "byte {byte} of chunk {chunk}");
    }
    let exchanged = [chunks[1].clone(), chunks[0].clone()];
    assert_eq!(genuine.refused(row.clone(), &exchanged).await, "FORGED");
    let spliced = [chunks[0].clone(), genuine.older.1[1].clone()];
    assert_eq!(genuine.refused(row.clone(), &spliced).await, "FORGED", "the end of an older one");
    let repeated = [chunks[0].clone(), chunks[0].clone(), chunks[1].clone()];
    assert_eq!(genuine.refused(StoredSnapshot { chunks: 3, ..row.clone() }, &repeated).await, "FORGED");
    for length in [0, 11, 12, 27, 28, chunks[1].len() - 1] {
        let cut = [chunks[0].clone(), chunks[1][..length].to_vec()];
        assert_eq!(genuine.refused(row.clone(), &cut).await, "FORGED", "{length} bytes are left");
    }
    let shortened = StoredSnapshot { chunks: 1, ..row.clone() };
    assert_eq!(genuine.refused(shortened, &chunks[..1]).await, "FORGED", "the last chunk left out");
}

/// A row that says something else than the chunks were sealed for.
pub async fn rows_that_were_changed_are_not_believed(store: impl Stores) {
    let genuine = Genuine::new(store).await;
    let (row, chunks) = &genuine.newer;
    let (older, head) = (&genuine.older.0, genuine.log.head().await.unwrap().position());
    let changed = |change: &dyn Fn(&mut StoredSnapshot)| {
        let mut row = row.clone();
        change(&mut row);
        row
    };
    let cases = [
        ("OTHER_FORMAT", changed(&|row| row.format = Ledger::FORMAT - 1)),
        ("OTHER_EPOCH", changed(&|row| row.epoch ^= 1)),
        ("AHEAD_OF_LOG", changed(&|row| row.position = head + 1)),
        ("AHEAD_OF_LOG", changed(&|row| row.last_event = row.position + 1)),
        ("FORGED", changed(&|row| row.position = head)),
        ("FORGED", changed(&|row| row.position += 1)),
        ("OTHER_HISTORY", changed(&|row| row.last_hash[0] ^= 1)),
        ("OTHER_HISTORY", changed(&|row| row.last_event -= 1)),
        ("OTHER_HISTORY", changed(&|row| row.last_event = 0)),
        ("FORGED", changed(&|row| (row.last_event, row.last_hash) = (older.last_event, older.last_hash))),
        ("FORGED", changed(&|row| row.taken_at = older.taken_at.plus(std::time::Duration::from_hours(1)))),
        ("FORGED", changed(&|row| row.id = SystemIds.uuid_v4())),
        ("KEY_MISSING", changed(&|row| row.key = KeyId(SystemIds.uuid_v4()))),
    ];
    for (reason, row) in cases {
        assert_eq!(genuine.refused(row.clone(), chunks).await, reason, "{row:?}");
    }
    let none = StoredSnapshot { chunks: 0, ..row.clone() };
    assert_eq!(genuine.refused(none, &[]).await, "IMPLAUSIBLE");
}

/// A genuine snapshot of another view, or of another deployment, under this name.
pub async fn snapshots_of_others_are_not_believed<S: Stores>(store: S) {
    let genuine = Genuine::new(store).await;
    let row = &genuine.newer.0;
    // Of another view of the same log, whose snapshots have the same format.
    let other = snapshots(&genuine.store, &genuine.log).take::<Other>(1).await.unwrap().expect("a snapshot");
    let theirs = genuine.store.newest(Other::NAME, 1).await.unwrap().remove(0);
    let (theirs, their_chunks) = Genuine::<S>::with_chunks(&genuine.store, theirs).await;
    assert_eq!((theirs.format, other.chunks), (row.format, 2));
    let renamed = StoredSnapshot { view: Ledger::NAME.to_owned(), ..theirs };
    assert_eq!(genuine.refused(renamed, &their_chunks).await, "FORGED");
    // Sealed under a key that is not the deployment's, whatever id it claims.
    let other = key_store(&genuine.store).current("contract", "another").await.unwrap();
    let sealed = other.seal(b"", b"forged").unwrap();
    assert_eq!(genuine.refused(row.clone(), &[sealed.clone(), sealed.clone()]).await, "FORGED");
    let claimed = StoredSnapshot { key: other.id, ..row.clone() };
    assert_eq!(genuine.refused(claimed, &[sealed.clone(), sealed]).await, "KEY_MISSING", "a key of another purpose");
}

/// When the newest one cannot be used, the one before it is, and the log behind it: an old genuine one changes nothing.
pub async fn the_one_before_is_used_when_the_newest_was_changed(store: impl Stores) {
    let genuine = Genuine::new(store).await;
    let forged = StoredSnapshot { id: SystemIds.uuid_v4(), ..genuine.newer.0.clone() };
    for (index, chunk) in (0..).zip(&genuine.newer.1) {
        genuine.store.put_chunk(&forged.view, forged.id, index, chunk).await.unwrap();
    }
    assert!(genuine.store.publish(&forged, 2).await.unwrap());
    let whole = replayed(&genuine.log).await;
    assert_eq!(resumed(&genuine.store, &genuine.log).await, (bytes_of(&whole).unwrap(), 2), "the newest genuine one");

    genuine.store.clear().await.unwrap();
    let (row, chunks) = &genuine.older;
    for (index, chunk) in (0..).zip(chunks) {
        genuine.store.put_chunk(&row.view, row.id, index, chunk).await.unwrap();
    }
    assert!(genuine.store.publish(row, 2).await.unwrap());
    assert_eq!(resumed(&genuine.store, &genuine.log).await, (bytes_of(&whole).unwrap(), 5), "rolled back to the older");
}

/// A chunk that is gone by the time it is read.
pub async fn a_snapshot_without_a_chunk_is_not_used(store: impl Stores, attacker: impl Attacker) {
    let genuine = Genuine::new(store).await;
    attacker.overpower(&["DELETE FROM view_snapshot_chunks WHERE chunk = 1".to_owned()]).await;
    let refused =
        snapshots(&genuine.store, &genuine.log).open::<Ledger>(&genuine.newer.0).await.err().expect("refused");
    assert_eq!(refused.reason(), "INCOMPLETE");
    let whole = replayed(&genuine.log).await;
    assert_eq!(resumed(&genuine.store, &genuine.log).await, (bytes_of(&whole).unwrap(), whole.applied));
}

/// A log that was cut off, and that went on otherwise: the snapshot of what it was is not what it is.
pub async fn a_snapshot_of_a_log_that_was_cut_off_is_not_used(store: impl Stores, attacker: impl Attacker) {
    let genuine = Genuine::new(store).await;
    let row = &genuine.older.0;
    attacker.overpower(&["DELETE FROM events WHERE position > 7".to_owned()]).await;
    let snapshots = snapshots(&genuine.store, &genuine.log);
    let refused = snapshots.open::<Ledger>(row).await.err().expect("refused");
    assert_eq!(refused.reason(), "AHEAD_OF_LOG");
    // Other events come into the places of the lost ones.
    let fresh = event_log(&genuine.store);
    for version in 0..8 {
        fresh.append(adding(&counter("other"), version, 1)).await.unwrap();
    }
    for row in [row, &genuine.newer.0] {
        let refused = snapshots.open::<Ledger>(row).await.err().expect("refused");
        assert_eq!(refused.reason(), "OTHER_HISTORY");
    }
    let whole = replayed(&fresh).await;
    assert_eq!(resumed(&genuine.store, &fresh).await, (bytes_of(&whole).unwrap(), whole.applied));
}
