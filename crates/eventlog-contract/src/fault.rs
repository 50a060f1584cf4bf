//! Stores that fail in the middle, and what callers are told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use vestibule_eventlog::{
    AppendError, Appended, Cursor, EventLog, Filter, Page, Prepared, ReadError, Recorded, Store, StreamId, Version,
};
use vestibule_kernel::EventId;

use crate::fixture::{Stores, adding, amount, counter, everything, key_store, log_over};

#[derive(Debug, thiserror::Error)]
#[error("injected")]
struct Injected;

/// More commits than any case makes.
const PERMITS: usize = 1_000;

/// What goes wrong with the next commits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// It commits, and the answer is lost.
    CommittedUnanswered,
    /// It does not commit, and the answer is lost.
    LostUnanswered,
    /// It does not commit and says so.
    Refused,
}

/// A store that fails on demand.
struct Faulty<S> {
    store: S,
    /// What happens to the next commits, the last one first.
    faults: Mutex<Vec<Fault>>,
    /// Commits that hold an event with this data fail, as if the database choked on it.
    choking_on: Mutex<Option<String>>,
    /// Commits wait for a permit.
    gate: Semaphore,
    unreadable: AtomicBool,
    /// Commits that have come to the gate, and that have passed it.
    arrived: AtomicUsize,
    commits: AtomicUsize,
    largest: AtomicUsize,
}

impl<S: Stores> Faulty<S> {
    fn over(store: &S, next: &[Fault]) -> (Arc<Self>, EventLog) {
        let faulty = Arc::new(Self {
            store: store.clone(),
            faults: Mutex::new(next.to_vec()),
            choking_on: Mutex::new(None),
            gate: Semaphore::new(PERMITS),
            unreadable: AtomicBool::new(false),
            arrived: AtomicUsize::new(0),
            commits: AtomicUsize::new(0),
            largest: AtomicUsize::new(0),
        });
        let log = log_over(Arc::clone(&faulty) as Arc<dyn Store>, key_store(store));
        (faulty, log)
    }

    fn chokes(&self, group: &[Prepared]) -> bool {
        let choking_on = self.choking_on.lock().unwrap();
        let mut events = group.iter().flat_map(|transaction| &transaction.streams).flat_map(|append| &append.events);
        choking_on.as_ref().is_some_and(|data| events.any(|event| event.data == *data))
    }
}

#[async_trait]
impl<S: Stores> Store for Faulty<S> {
    async fn commit(&self, group: &[Prepared]) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.largest.fetch_max(group.len(), Ordering::SeqCst);
        if self.chokes(group) {
            return Err(AppendError::Unavailable(Box::new(Injected)));
        }
        let fault = self.faults.lock().unwrap().pop();
        match fault {
            None => self.store.commit(group).await,
            Some(Fault::Refused) => Err(AppendError::Unavailable(Box::new(Injected))),
            Some(Fault::LostUnanswered) => Err(AppendError::Unknown(Box::new(Injected))),
            Some(Fault::CommittedUnanswered) => {
                self.store.commit(group).await?;
                Err(AppendError::Unknown(Box::new(Injected)))
            }
        }
    }

    async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError> {
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(ReadError::Unavailable(Box::new(Injected)));
        }
        Store::find(&self.store, id).await
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError> {
        self.store.read_stream(stream, after, max).await
    }

    async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError> {
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

type Caller = JoinHandle<Result<Appended, AppendError>>;

/// Lets `count` callers append, each to a stream of its own: the first one is held up at the gate, alone, and the others
/// wait behind it, so that they are one group when the gate opens.
async fn gathered<S: Stores>(faulty: &Faulty<S>, log: &EventLog, count: u64) -> Vec<Caller> {
    faulty.gate.forget_permits(PERMITS);
    let append = |caller: u64| {
        let log = log.clone();
        let transaction = adding(&counter(&format!("c{caller}")), 0, caller);
        tokio::spawn(async move { log.append(transaction).await })
    };
    let before = faulty.arrived.load(Ordering::SeqCst);
    let mut callers = vec![append(0)];
    while faulty.arrived.load(Ordering::SeqCst) == before {
        tokio::task::yield_now().await;
    }
    for caller in 1..count {
        callers.push(append(caller));
        while (log.queued() as u64) < caller {
            tokio::task::yield_now().await;
        }
    }
    callers
}

/// Opens the gate, and answers in the order of the callers.
async fn at_once<S: Stores>(faulty: &Faulty<S>, log: &EventLog, count: u64) -> Vec<Result<Appended, AppendError>> {
    let callers = gathered(faulty, log, count).await;
    faulty.gate.add_permits(PERMITS);
    let mut answers = Vec::new();
    for caller in callers {
        answers.push(caller.await.unwrap());
    }
    answers
}

/// The COMMIT happened: callers are told so, with the right versions and cursors, and nothing is stored twice.
pub async fn a_lost_commit_answer_is_read_back(store: impl Stores) {
    let (faulty, log) = Faulty::over(&store, &[Fault::CommittedUnanswered, Fault::CommittedUnanswered]);
    let answers = at_once(&faulty, &log, 6).await;
    let events = everything(&store).await;
    assert_eq!(events.len(), 6);
    for (caller, answer) in answers.into_iter().enumerate() {
        let appended = answer.unwrap();
        let event = events.iter().find(|event| event.stream == counter(&format!("c{caller}"))).unwrap();
        assert_eq!((appended.cursor, appended.versions), (event.cursor, vec![event.version]));
        assert_eq!(appended.recorded_at, event.recorded_at);
    }
    // A conflict that was decided in the lost group is still a conflict.
    let (_, log) = Faulty::over(&store, &[Fault::CommittedUnanswered]);
    let conflict = log.append(adding(&counter("c0"), 0, 1)).await;
    assert!(matches!(conflict, Err(AppendError::Conflict { .. })), "{conflict:?}");
    assert_eq!(everything(&store).await.len(), 6);
}

/// The COMMIT did not happen: it is repeated, once.
pub async fn a_lost_commit_that_did_not_happen_is_repeated(store: impl Stores) {
    let (faulty, log) = Faulty::over(&store, &[Fault::LostUnanswered, Fault::LostUnanswered]);
    for answer in at_once(&faulty, &log, 6).await {
        answer.unwrap();
    }
    let mut amounts: Vec<u64> = everything(&store).await.iter().map(amount).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [0, 1, 2, 3, 4, 5]);
}

/// When the store stays away, nobody claims to know.
pub async fn an_outcome_that_cannot_be_read_back_is_unknown(store: impl Stores) {
    let (faulty, log) = Faulty::over(&store, &[Fault::CommittedUnanswered]);
    faulty.unreadable.store(true, Ordering::SeqCst);
    let answer = log.append(adding(&counter("one"), 0, 1)).await;
    assert!(matches!(answer, Err(AppendError::Unknown(_))), "{answer:?}");
    assert_eq!(everything(&store).await.len(), 1);
    faulty.unreadable.store(false, Ordering::SeqCst);
    log.append(adding(&counter("one"), 1, 1)).await.unwrap();
}

/// A group that fails because of one transaction is tried one by one.
pub async fn a_neighbours_fault_stays_alone(store: impl Stores) {
    let (faulty, log) = Faulty::over(&store, &[]);
    *faulty.choking_on.lock().unwrap() = Some(r#"{"amount":3}"#.to_owned());
    let answers = at_once(&faulty, &log, 8).await;
    for (caller, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.is_ok(), caller != 3, "{caller}: {answer:?}");
    }
    assert_eq!(everything(&store).await.len(), 7);
    assert!(faulty.largest.load(Ordering::SeqCst) > 1, "they were one group");
}

/// When it is not the fault of one, the rest is told soon and not tried.
pub async fn a_dead_store_fails_everybody_soon(store: impl Stores) {
    let (faulty, log) = Faulty::over(&store, &[Fault::Refused; 64]);
    for answer in at_once(&faulty, &log, 30).await {
        assert!(matches!(answer, Err(AppendError::Unavailable(_))));
    }
    assert!(faulty.commits.load(Ordering::SeqCst) < 12, "{:?}", faulty.commits);
    assert!(everything(&store).await.is_empty());
    faulty.faults.lock().unwrap().clear();
    log.append(adding(&counter("c0"), 0, 1)).await.unwrap();
}

/// Whoever goes away while the group commits changes nothing for the others, and nothing about the outcome.
pub async fn a_cancelled_caller_leaves_the_group_whole(store: impl Stores) {
    let (faulty, log) = Faulty::over(&store, &[]);
    let callers = gathered(&faulty, &log, 4).await;
    callers[1].abort();
    callers[2].abort();
    faulty.gate.add_permits(PERMITS);
    let mut answered = 0;
    for caller in callers {
        answered += usize::from(caller.await.is_ok_and(|answer| answer.is_ok()));
    }
    assert_eq!(answered, 2, "the others are answered");
    log.append(adding(&counter("last"), 0, 9)).await.unwrap();
    assert_eq!(everything(&store).await.len(), 5);
}
