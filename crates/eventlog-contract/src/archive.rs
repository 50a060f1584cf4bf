//! Months that are closed and removed.

use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::sync::watch;
use vestibule_eventlog::{
    AppendError, Appended, Archive, Cursor, Filter, Page, Partition, Prepared, ReadError, Recorded, Removed, Store,
    StreamId, Version,
    archive::{ArchiveError, archive},
    checkpoint::Signer,
    export::Export,
    verify::verify,
};
use vestibule_kernel::{Clock as _, EventId, ManualClock, SystemClock, Timestamp};

use crate::fixture::{Stores, append_of, commit, everything, key_store, naming, prepared, simple, stream, take};

const CATEGORY: &str = "assertion";

/// The middle of a month long ago.
fn then() -> Timestamp {
    "2024-02-15T12:00:00Z".parse().unwrap()
}

fn assertion(key: &str, moment: Timestamp) -> StreamId {
    StreamId::new(CATEGORY, None, Some(Partition::of(moment)), key).unwrap()
}

/// A transaction that was recorded at `moment`.
fn at(moment: Timestamp, transaction: Prepared) -> Prepared {
    Prepared { recorded_at: moment, ..transaction }
}

/// Two assertions of the old month, one of the next, with others in between: positions 1, 3 and 4 are of the old month.
async fn fill(store: &impl Stores) {
    let old = then();
    commit(store, at(old, naming(&assertion("a", old), 0, vec![take("request-a")]))).await.unwrap();
    commit(store, at(old, naming(&stream("kept"), 0, vec![take("kept")]))).await.unwrap();
    commit(store, at(old, simple(&assertion("a", old), 1, 1))).await.unwrap();
    commit(store, at(old, naming(&assertion("b", old), 0, vec![take("request-b")]))).await.unwrap();
    let next = "2024-03-02T00:00:00Z".parse().unwrap();
    commit(store, at(next, naming(&assertion("c", next), 0, vec![take("request-c")]))).await.unwrap();
}

/// A day after its month, or once it is closed, a partition refuses; its neighbours in the group do not notice.
pub async fn an_old_partition_takes_no_appends(store: impl Stores) {
    let month = Partition::of(then());
    assert_eq!(month.closes_at(), "2024-03-02T00:00:00Z".parse().unwrap());
    let just_in_time = month.closes_at().minus(Duration::from_millis(1));
    let december = Partition::of("2024-12-31T23:59:59Z".parse().unwrap());
    assert_eq!(december.closes_at(), "2025-01-02T00:00:00Z".parse().unwrap());
    commit(&store, at(just_in_time, simple(&assertion("a", then()), 0, 1))).await.unwrap();
    let group = [at(month.closes_at(), simple(&assertion("b", then()), 0, 1)), simple(&stream("one"), 0, 1)];
    let answers = store.commit(&group).await.unwrap();
    assert!(matches!(answers[0], Err(AppendError::PartitionClosed { .. })) && answers[1].is_ok());

    store.close(CATEGORY, month, SystemClock.now()).await.unwrap();
    store.close(CATEGORY, month, SystemClock.now()).await.unwrap();
    let closed = commit(&store, at(just_in_time, simple(&assertion("b", then()), 0, 1))).await;
    assert!(matches!(closed, Err(AppendError::PartitionClosed { .. })), "{closed:?}");
    // Not the other category of the same month.
    let other = StreamId::new("other", None, Some(month), "b").unwrap();
    commit(&store, at(just_in_time, simple(&other, 0, 1))).await.unwrap();
}

/// In batches; the names of its streams go with it, position and hash stay.
pub async fn a_closed_partition_is_removed_and_nothing_else(store: impl Stores) {
    fill(&store).await;
    let before = everything(&store).await;
    let month = Partition::of(then());
    store.close(CATEGORY, month, SystemClock.now()).await.unwrap();
    assert_eq!(Archive::remove(&store, CATEGORY, month, 2).await.unwrap(), 2);
    assert_eq!(Archive::remove(&store, CATEGORY, month, 2).await.unwrap(), 1);
    assert_eq!(Archive::remove(&store, CATEGORY, month, 2).await.unwrap(), 0);
    assert_eq!(everything(&store).await, [before[1].clone(), before[4].clone()]);
    let left: Vec<Removed> =
        [0, 2, 3].map(|index| Removed { position: index as u64 + 1, hash: before[index].hash }).to_vec();
    assert_eq!(store.removed(0, 10).await.unwrap(), left);
    assert_eq!(store.removed(1, 1).await.unwrap(), left[1..2]);
    for (name, held) in [("request-a", false), ("request-b", false), ("request-c", true), ("kept", true)] {
        assert_eq!(store.holder("thing.name", name).await.unwrap().is_some(), held, "{name}");
    }
    assert!(store.read_stream(&assertion("a", then()), Version::EMPTY, 10).await.unwrap().is_empty());
    commit(&store, simple(&stream("kept"), 1, 1)).await.unwrap();
}

/// The position of a removed event is not given out again.
pub async fn positions_go_on_after_the_last_event_was_removed(store: impl Stores) {
    let month = Partition::of(then());
    commit(&store, at(then(), simple(&stream("one"), 0, 1))).await.unwrap();
    commit(&store, at(then(), simple(&assertion("a", then()), 0, 2))).await.unwrap();
    let seen = store.head().await.unwrap();
    store.close(CATEGORY, month, SystemClock.now()).await.unwrap();
    assert_eq!(Archive::remove(&store, CATEGORY, month, 10).await.unwrap(), 2);
    assert_eq!(store.head().await.unwrap(), seen, "a reader that has seen everything still has");
    let appended = commit(&store, simple(&stream("one"), 1, 1)).await.unwrap();
    assert_eq!(appended.cursor.position(), 4);
    let page = store.read_all(seen, &Filter::default(), 10).await.unwrap();
    assert_eq!(page.events.len(), 1);
}

/// Without being closed first, nothing is removed.
pub async fn an_open_partition_is_not_removed(store: impl Stores) {
    fill(&store).await;
    let month = Partition::of(then());
    assert_eq!(Archive::remove(&store, CATEGORY, month, 10).await.unwrap(), 0);
    assert_eq!(everything(&store).await.len(), 5);
}

/// Archived with its checkpoint: the export says what was removed, the file has it, and the log still verifies.
pub async fn an_archived_partition_verifies(store: impl Stores) {
    fill(&store).await;
    let (month, directory) = (Partition::of(then()), TempDir::new().unwrap());
    let signer = Signer::new(key_store(&store));
    let mut export = Export::open(directory.path()).await.unwrap();
    let clock = ManualClock::at(month.closes_at().minus(Duration::from_millis(1)));
    let early = archive(&store, CATEGORY, month, directory.path(), &mut export, &signer, &clock).await;
    assert!(matches!(early, Err(ArchiveError::StillOpen { .. })), "{early:?}");
    assert_eq!(everything(&store).await.len(), 5);

    clock.set(month.closes_at());
    let removed = archive(&store, CATEGORY, month, directory.path(), &mut export, &signer, &clock).await.unwrap();
    assert_eq!(removed, 3);
    let again = archive(&store, CATEGORY, month, directory.path(), &mut export, &signer, &clock).await.unwrap();
    assert_eq!(again, 0);
    let file = std::fs::read_to_string(directory.path().join("assertion-2024-02.jsonl")).unwrap();
    assert_eq!(file.lines().count(), 3);
    commit(&store, prepared(vec![append_of(&stream("later"), 0, 2)])).await.unwrap();
    export.catch_up(&store, &signer, &SystemClock).await.unwrap();
    let report = verify(&store, directory.path(), &signer.trust().await.unwrap(), |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.events, report.archived, report.uncovered), (4, 3, 0));
}

/// Interrupted after its statement and in the middle of the removal, it goes on where it was.
pub async fn an_interrupted_archive_goes_on(store: impl Stores) {
    fill(&store).await;
    let (month, directory) = (Partition::of(then()), TempDir::new().unwrap());
    let signer = Signer::new(key_store(&store));
    let trust = async || signer.trust().await.unwrap();
    let mut export = Export::open(directory.path()).await.unwrap();
    let interrupted = Interrupted(store.clone());
    let stopped = archive(&interrupted, CATEGORY, month, directory.path(), &mut export, &signer, &SystemClock).await;
    assert!(matches!(stopped, Err(ArchiveError::Read(ReadError::Unavailable(_)))), "{stopped:?}");
    assert_eq!(everything(&store).await.len(), 4, "one event is removed, two are not");
    let report = verify(&store, directory.path(), &trust().await, |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");

    let went_on = archive(&store, CATEGORY, month, directory.path(), &mut export, &signer, &SystemClock).await;
    assert_eq!(went_on.unwrap(), 2);
    assert_eq!(everything(&store).await.len(), 2);
    let report = verify(&store, directory.path(), &trust().await, |_| {}).await.unwrap();
    assert!(report.is_clean() && report.archived == 3, "{report:?}");
    let file = std::fs::read_to_string(directory.path().join("assertion-2024-02.jsonl")).unwrap();
    assert_eq!(file.lines().count(), 3, "nothing is written twice");
}

/// A store whose database goes away after one event was removed.
struct Interrupted<S>(S);

#[derive(Debug, thiserror::Error)]
#[error("injected")]
struct Injected;

#[async_trait]
impl<S: Stores> Archive for Interrupted<S> {
    async fn close(&self, category: &str, partition: Partition, at: Timestamp) -> Result<(), ReadError> {
        self.0.close(category, partition, at).await
    }

    async fn remove(&self, category: &str, partition: Partition, _: usize) -> Result<u64, ReadError> {
        Archive::remove(&self.0, category, partition, 1).await?;
        Err(ReadError::Unavailable(Box::new(Injected)))
    }

    async fn removed(&self, after: u64, max: usize) -> Result<Vec<Removed>, ReadError> {
        self.0.removed(after, max).await
    }
}

#[async_trait]
impl<S: Stores> Store for Interrupted<S> {
    async fn commit(&self, group: &[Prepared]) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.0.commit(group).await
    }

    async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError> {
        Store::find(&self.0, id).await
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError> {
        self.0.read_stream(stream, after, max).await
    }

    async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError> {
        self.0.read_all(after, filter, max).await
    }

    async fn holder(&self, scope: &str, key: &str) -> Result<Option<StreamId>, ReadError> {
        self.0.holder(scope, key).await
    }

    async fn head(&self) -> Result<Cursor, ReadError> {
        self.0.head().await
    }

    fn epoch(&self) -> u64 {
        self.0.epoch()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes()
    }
}
