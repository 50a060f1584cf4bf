//! Snapshots of views.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use prost::Message;
use tokio_util::sync::CancellationToken;
use vestibule_decider::DecodeError;
use vestibule_eventlog::{
    EventLog, Filter, Live, LiveView, Recorded, Transaction, Version,
    snapshot::{
        Loaded, SnapshotError, SnapshotReader, SnapshotView, SnapshotWriter, Snapshots, TakeError, Taken, Unusable,
        bytes_of, view_of,
    },
};
use vestibule_kernel::{Clock as _, IdSource as _, PersonId, SystemClock, SystemIds};
use vestibule_storage::{KeyId, StorageError, StoredSnapshot};

use crate::fixture::{
    CounterEvent, Named, Stores, actor, adding, commit, counter, event_log, key_store, poison, simple, stream,
};

/// Far beyond what any machine needs; only a broken view waits this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// So many bytes are written with each counter that a few of them do not fit into one chunk.
const BALLAST_BYTES: usize = 400_000;

/// What the counters of the log have come to.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Ledger {
    totals: BTreeMap<String, u64>,
    /// How many events this one took in itself; no part of a snapshot.
    pub(crate) applied: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(uint64, tag = "2")]
    total: u64,
    #[prost(bytes = "vec", tag = "3")]
    ballast: Vec<u8>,
}

impl LiveView for Ledger {
    const NAME: &'static str = "contract.ledger";

    fn categories() -> Vec<&'static str> {
        vec!["counter"]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let total = self.totals.entry(event.stream.key().to_owned()).or_default();
        if let CounterEvent::Added(added) = event.decode::<CounterEvent>()? {
            *total += added.amount;
        }
        self.applied += 1;
        Ok(())
    }
}

impl SnapshotView for Ledger {
    const FORMAT: u32 = 3;

    fn save(&self, to: &mut SnapshotWriter<'_>) -> Result<(), SnapshotError> {
        for (key, total) in &self.totals {
            to.record(&Entry { key: key.clone(), total: *total, ballast: vec![7; BALLAST_BYTES] })?;
        }
        Ok(())
    }

    fn restore(from: &mut SnapshotReader<'_>) -> Result<Self, SnapshotError> {
        let mut ledger = Self::default();
        while let Some(entry) = from.record::<Entry>()? {
            ledger.totals.insert(entry.key, entry.total);
        }
        Ok(ledger)
    }
}

pub(crate) fn snapshots(store: &impl Stores, log: &EventLog) -> Snapshots {
    Snapshots::new(Arc::new(store.clone()), log.clone())
}

/// `count` events of three counters, one after the other.
pub(crate) async fn fill(log: &EventLog, versions: &mut [u64; 3], count: u64) {
    for number in 0..count {
        let index = usize::try_from(number % 3).unwrap();
        let stream = counter(["one", "two", "three"][index]);
        log.append(adding(&stream, versions[index], number + 1)).await.unwrap();
        versions[index] += 1;
    }
}

/// What whoever reads the whole log comes to.
pub(crate) async fn replayed(log: &EventLog) -> Ledger {
    followed(log, Ledger::default(), log.start()).await
}

async fn followed(log: &EventLog, mut ledger: Ledger, mut cursor: vestibule_eventlog::Cursor) -> Ledger {
    let filter = Filter { categories: Ledger::categories(), organization: None };
    loop {
        let page = log.read_all(cursor, &filter, 100).await.unwrap();
        page.events.iter().for_each(|event| ledger.apply(event).unwrap());
        if page.at_head {
            return ledger;
        }
        cursor = page.next;
    }
}

/// The view that a process has which starts now, and how many events it had to read for it.
pub(crate) async fn resumed(store: &impl Stores, log: &EventLog) -> (Vec<u8>, u64) {
    let stop = CancellationToken::new();
    let live = Live::<Ledger>::resume(log.clone(), snapshots(store, log), stop.clone());
    live.caught_up().await.unwrap();
    let answer = live.read(|ledger| (bytes_of(ledger).unwrap(), ledger.applied));
    stop.cancel();
    answer
}

pub(crate) async fn taken(store: &impl Stores, log: &EventLog) -> Taken {
    snapshots(store, log).take::<Ledger>(1).await.unwrap().expect("a snapshot")
}

/// A process that starts reads the log behind the snapshot only, and comes to the same.
pub async fn a_view_goes_on_from_its_snapshot(store: impl Stores) {
    let (log, mut versions) = (event_log(&store), [0; 3]);
    fill(&log, &mut versions, 20).await;
    assert_eq!(resumed(&store, &log).await, (bytes_of(&replayed(&log).await).unwrap(), 20), "there is none yet");
    let first = taken(&store, &log).await;
    assert_eq!((first.cursor, first.replayed, first.chunks), (log.head().await.unwrap(), 20, 2));
    fill(&log, &mut versions, 5).await;
    assert_eq!(resumed(&store, &log).await, (bytes_of(&replayed(&log).await).unwrap(), 5));
    let second = taken(&store, &log).await;
    assert_eq!((second.cursor, second.replayed), (log.head().await.unwrap(), 5), "the next one begins with the last");
    assert_eq!(resumed(&store, &log).await.1, 0);
    let live = Live::<Ledger>::resume(log.clone(), snapshots(&store, &log), CancellationToken::new());
    live.caught_up().await.unwrap();
    let appended = log.append(adding(&counter("one"), versions[0], 5)).await.unwrap();
    assert!(live.reached(appended.cursor, PATIENCE).await, "it follows the log");
    assert_eq!(live.read(|ledger| ledger.applied), 1);
}

/// Wherever it is taken, and whatever lies between: what it holds and the rest of the log are the whole log.
pub async fn a_snapshot_anywhere_and_the_rest_are_the_whole_log(store: impl Stores) {
    let (log, mut versions) = (event_log(&store), [0; 3]);
    let mut positions = Vec::new();
    for round in 0..8_u64 {
        fill(&log, &mut versions, 1 + round % 4).await;
        commit(&store, simple(&stream("noise"), round * 2, 2)).await.unwrap();
        positions.push(taken(&store, &log).await.cursor);
    }
    let Loaded { view, cursor, .. } = snapshots(&store, &log).load::<Ledger>().await.expect("a snapshot");
    assert_eq!(Some(&cursor), positions.last());
    let whole = replayed(&log).await;
    assert_eq!(view.totals, whole.totals);
    for row in store.newest(Ledger::NAME, 10).await.unwrap() {
        let loaded = snapshots(&store, &log).open::<Ledger>(&row).await.unwrap();
        assert_eq!(followed(&log, loaded.view, loaded.cursor).await.totals, whole.totals);
    }
}

/// Only events of the view count, and one that is not needed is not taken.
pub async fn a_snapshot_waits_for_events_of_its_view(store: impl Stores) {
    let (log, mut versions) = (event_log(&store), [0; 3]);
    let snapshots = snapshots(&store, &log);
    assert_eq!(snapshots.take::<Ledger>(1).await.unwrap(), None, "the log is empty");
    commit(&store, simple(&stream("noise"), 0, 30)).await.unwrap();
    assert_eq!(snapshots.take::<Ledger>(1).await.unwrap(), None, "nothing of it concerns the view");
    fill(&log, &mut versions, 9).await;
    assert_eq!(snapshots.take::<Ledger>(10).await.unwrap(), None);
    fill(&log, &mut versions, 1).await;
    assert!(snapshots.take::<Ledger>(10).await.unwrap().is_some());
    commit(&store, simple(&stream("noise"), 30, 30)).await.unwrap();
    fill(&log, &mut versions, 9).await;
    assert_eq!(snapshots.take::<Ledger>(10).await.unwrap(), None);
    commit(&store, poison(&counter("four"), 0)).await.unwrap();
    let poisoned = snapshots.take::<Ledger>(10).await;
    assert!(matches!(poisoned, Err(TakeError::Poison { .. })), "{poisoned:?}");
    assert_eq!(store.newest(Ledger::NAME, 10).await.unwrap().len(), 1, "nothing came of it");
}

/// Personal fields never get into a view, so nothing of them is in a snapshot, before they are erased and after.
pub async fn nothing_that_erasing_reaches_is_in_a_snapshot(store: impl Stores) {
    let log = event_log(&store);
    let ada = PersonId::from_uuid(SystemIds.uuid_v4());
    let named = CounterEvent::from(Named { person: ada, name: Some("Ada Lovelace".to_owned()) });
    let naming = Transaction::new(actor()).append(counter("one"), Version(0), [&named]).unwrap();
    log.append(naming).await.unwrap();
    log.append(adding(&counter("one"), 1, 5)).await.unwrap();
    taken(&store, &log).await;
    let (bytes, replayed_events) = resumed(&store, &log).await;
    assert_eq!(replayed_events, 0);
    assert!(!bytes.windows(3).any(|window| window == b"Ada"));
    key_store(&store).destroy("person", &ada.to_string()).await.unwrap();
    assert_eq!(resumed(&store, &log).await, (bytes_of(&replayed(&log).await).unwrap(), 0));
}

/// Two that take snapshots of one view at once disturb nobody who starts.
pub async fn two_who_take_snapshots_leave_one_that_can_be_used(store: impl Stores) {
    let (log, mut versions) = (event_log(&store), [0; 3]);
    for _ in 0..6 {
        fill(&log, &mut versions, 3).await;
        let (here, there) = (snapshots(&store, &log), snapshots(&store, &log));
        let (first, second) = tokio::join!(here.take::<Ledger>(1), there.take::<Ledger>(1));
        for outcome in [first, second] {
            assert!(matches!(outcome, Ok(_) | Err(TakeError::Overtaken)), "{outcome:?}");
        }
        assert_eq!(resumed(&store, &log).await.0, bytes_of(&replayed(&log).await).unwrap());
    }
    assert!(snapshots(&store, &log).load::<Ledger>().await.is_some());
}

/// What was taken before a restore is of another log, although everything else fits. `restore` gives the log of a store a
/// new epoch, and opens it again.
pub async fn a_snapshot_of_before_a_restore_is_not_used<S: Stores>(before: S, restore: impl AsyncFnOnce(S) -> S) {
    let (old, epoch) = (event_log(&before), before.epoch());
    fill(&old, &mut [0; 3], 10).await;
    taken(&before, &old).await;
    drop(old);
    let after = restore(before).await;
    assert_ne!(after.epoch(), epoch);
    let log = event_log(&after);
    let row = after.newest(Ledger::NAME, 1).await.unwrap().remove(0);
    let refused = snapshots(&after, &log).open::<Ledger>(&row).await.err();
    assert!(matches!(refused, Some(Unusable::OtherEpoch)), "{refused:?}");
    assert_eq!(resumed(&after, &log).await, (bytes_of(&replayed(&log).await).unwrap(), 10));
    // The next one is taken at once, and is good.
    assert_eq!(taken(&after, &log).await.replayed, 10);
    assert_eq!(resumed(&after, &log).await.1, 0);
}

fn row(view: &str, chunks: u32) -> StoredSnapshot {
    StoredSnapshot {
        id: SystemIds.uuid_v4(),
        view: view.to_owned(),
        format: u32::MAX,
        epoch: u64::MAX >> 1,
        position: 7,
        last_event: 6,
        last_hash: [9; 32],
        taken_at: SystemClock.now(),
        key: KeyId(SystemIds.uuid_v4()),
        chunks,
    }
}

/// Found when all of it is there, newest first; the last ones are kept, and nothing of the others.
pub async fn a_snapshot_is_found_when_all_of_it_is_there(store: impl Stores) {
    let (first, second, third) = (row("a", 2), row("a", 1), row("a", 1));
    let other = row("b", 1);
    store.put_chunk("a", first.id, 0, b"one").await.unwrap();
    store.put_chunk("a", first.id, 7, b"elsewhere").await.unwrap();
    assert!(!store.publish(&first, 2).await.unwrap(), "a chunk is missing");
    assert!(store.newest("a", 9).await.unwrap().is_empty());
    store.put_chunk("a", first.id, 1, &[0, 1, 255]).await.unwrap();
    assert!(store.publish(&first, 2).await.unwrap());
    assert_eq!(store.newest("a", 9).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(store.chunk("a", first.id, 1).await.unwrap().as_deref(), Some([0, 1, 255].as_slice()));
    assert_eq!(store.chunk("b", first.id, 1).await.unwrap(), None);
    for row in [&other, &second, &third] {
        store.put_chunk(&row.view, row.id, 0, b"all").await.unwrap();
    }
    let abandoned = SystemIds.uuid_v4();
    store.put_chunk("a", abandoned, 0, b"abandoned").await.unwrap();
    assert!(store.publish(&other, 2).await.unwrap());
    assert_eq!(store.chunk("a", abandoned, 0).await.unwrap().as_deref(), Some(b"abandoned".as_slice()));
    assert!(store.publish(&second, 2).await.unwrap());
    assert_eq!(store.sweep_chunks("a", 2).await.unwrap(), 2, "as many as it may");
    assert_eq!(store.sweep_chunks("a", 2).await.unwrap(), 0);
    assert_eq!(store.newest("a", 1).await.unwrap(), std::slice::from_ref(&second));
    assert!(!store.publish(&third, 2).await.unwrap(), "who was overtaken has lost its chunks");
    store.put_chunk("a", third.id, 0, b"all").await.unwrap();
    assert!(store.publish(&third, 2).await.unwrap());
    assert_eq!(store.sweep_chunks("a", 9).await.unwrap(), 3, "all of the first, which is not kept");
    assert_eq!(store.newest("a", 9).await.unwrap(), [third, second]);
    assert_eq!(store.chunk("a", first.id, 0).await.unwrap(), None);
    assert_eq!(store.chunk("a", abandoned, 0).await.unwrap(), None);
    assert_eq!(store.newest("b", 9).await.unwrap(), std::slice::from_ref(&other));
    assert_eq!(store.clear().await.unwrap(), 3);
    assert!(store.newest("a", 9).await.unwrap().is_empty() && store.newest("b", 9).await.unwrap().is_empty());
    assert_eq!(store.chunk("b", other.id, 0).await.unwrap(), None);
}

/// The limit, and one byte more.
pub async fn an_oversized_chunk_is_refused(store: impl Stores) {
    let (id, largest) = (SystemIds.uuid_v4(), vec![7; StoredSnapshot::CHUNK_BYTES_MAX + 1]);
    store.put_chunk("a", id, 0, &largest[1..]).await.unwrap();
    let refused = store.put_chunk("a", id, 1, &largest).await;
    assert!(matches!(refused, Err(StorageError::TooLarge { .. })));
}

/// What was written is read, in whatever pieces it arrives, and nothing else is.
pub async fn a_damaged_snapshot_is_no_view(store: impl Stores) {
    let (log, mut versions) = (event_log(&store), [0; 3]);
    fill(&log, &mut versions, 3).await;
    let bytes = bytes_of(&replayed(&log).await).unwrap();
    assert!(view_of::<Ledger>(&bytes).is_ok());
    for end in [1, 2, 100, bytes.len() / 2, bytes.len() - 1] {
        let cut = view_of::<Ledger>(&bytes[..end]).err();
        assert!(matches!(cut, Some(SnapshotError::Truncated | SnapshotError::Malformed(_))), "{end}: {cut:?}");
    }
}
