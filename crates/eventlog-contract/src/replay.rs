//! Feeding a view from far behind: page after page, one of them ahead, while others append.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vestibule_decider::DecodeError;
use vestibule_eventlog::{
    AppendError, Appended, Cursor, EventLog, Filter, Live, LiveView, Page, Prepared, ReadError, Recorded, StopReason,
    Store, StreamId, Version,
};
use vestibule_kernel::{Clock as _, EventId, IdSource as _, ManualClock, OrganizationId, SystemIds, Timestamp};

use crate::fixture::{Stores, append_of, commit, event_log, everything, key_store, log_over, prepared, simple, stream};

/// Far beyond what any machine needs; only a broken view waits this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// More than three pages of a view.
const EVENTS: u64 = 3_400;

/// Takes down which events it was given.
#[derive(Default)]
struct Order(Vec<u64>);

impl LiveView for Order {
    const NAME: &'static str = "contract.order";

    fn categories() -> Vec<&'static str> {
        vec!["thing"]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        self.0.push(event.cursor.position());
        Ok(())
    }
}

/// Whatever the filter and wherever pages end, together they are the events that match, each once and in order.
pub async fn pages_of_every_size_are_the_same_events(store: impl Stores) {
    let ours = OrganizationId::from_uuid(SystemIds.uuid_v4());
    fill(&store, ours).await;
    let all = everything(&store).await;
    let many = vec!["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "nobody"];
    for categories in [vec![], vec!["c1"], vec!["c3", "c1"], vec!["c1", "c1", "c2"], vec!["nobody"], many] {
        for organization in [None, Some(ours)] {
            let filter = Filter { categories: categories.clone(), organization };
            let matching: Vec<_> = all.iter().filter(|event| matches(&filter, event)).cloned().collect();
            for size in [1, 3, 7, 20, 1_000, usize::MAX] {
                assert_eq!(in_pages(&store, &filter, size).await, matching, "{filter:?} in pages of {size}");
            }
        }
    }
}

fn matches(filter: &Filter, event: &Recorded) -> bool {
    let category = filter.categories.is_empty() || filter.categories.contains(&event.stream.category());
    category && (filter.organization.is_none() || event.stream.organization() == filter.organization)
}

async fn in_pages(store: &impl Store, filter: &Filter, size: usize) -> Vec<Recorded> {
    let (mut after, mut events) = (Cursor::at(store.epoch(), 0), Vec::new());
    loop {
        let page = store.read_all(after, filter, size).await.unwrap();
        assert!(page.events.len() <= size);
        assert!(page.events.iter().all(|event| event.cursor.position() <= page.next.position()));
        events.extend(page.events);
        if page.at_head {
            assert_eq!(page.next, store.head().await.unwrap());
            return events;
        }
        assert!(page.next.position() > after.position(), "a page moves on");
        after = page.next;
    }
}

/// Ten categories, of an organization and of none, some more often than others.
async fn fill(store: &impl Stores, ours: OrganizationId) {
    for round in 0..4_u64 {
        let mut appends = Vec::new();
        for number in 0..10_u64 {
            for organization in [Some(ours), None] {
                let stream = StreamId::new(format!("c{number}"), organization, None, "one").unwrap();
                let count = u64::from(organization.is_none()) + (number + round) % 3;
                let before = (0..round).map(|earlier| u64::from(organization.is_none()) + (number + earlier) % 3).sum();
                appends.push(append_of(&stream, before, count));
            }
        }
        commit(store, prepared(appends)).await.unwrap();
    }
}

/// What is appended meanwhile comes behind what was there; nothing comes twice, nothing is left out.
pub async fn a_view_far_behind_takes_in_each_event_once_while_others_append(store: impl Stores) {
    lay_down(&store).await;
    let log = event_log(&store);
    let live = Live::start(log, Order::default(), CancellationToken::new());
    let mut last = store.head().await.unwrap();
    for number in 0..40 {
        let things = append_of(&stream(&format!("late-{number}")), 0, 7);
        let noise = append_of(&StreamId::new("noise", None, None, format!("{number}")).unwrap(), 0, 3);
        last = commit(&store, prepared(vec![things, noise])).await.unwrap().cursor;
    }
    assert!(live.reached(last, PATIENCE).await);
    assert_eq!(live.read(|order| order.0.clone()), things(&store).await);
    assert_eq!(live.status().cursor, last);
}

/// A page that cannot be read, ahead or not, is read again.
pub async fn a_page_that_could_not_be_read_is_read_again(store: impl Stores) {
    lay_down(&store).await;
    let hook = |read| (read % 2 == 1).then(|| ReadError::Unavailable("injected".into()));
    let log = log_over(Hooked::over(&store, hook), key_store(&store));
    let live = Live::start(log, Order::default(), CancellationToken::new());
    live.caught_up().await.unwrap();
    assert_eq!(live.read(|order| order.0.clone()), things(&store).await);
}

/// A crash of whoever reads ahead is seen by the view, behind what was read before.
pub async fn a_reader_ahead_that_crashes_stops_the_view(store: impl Stores) {
    lay_down(&store).await;
    let hook = |read| {
        assert!(read < 2, "this store crashes at the third page");
        None
    };
    let log = log_over(Hooked::over(&store, hook), key_store(&store));
    let live = Live::start(log, Order::default(), CancellationToken::new());
    live.caught_up().await.unwrap_err();
    assert!(matches!(live.status().stopped.as_deref(), Some(StopReason::Panicked)));
    let taken_in = live.read(|order| order.0.clone());
    assert_eq!(taken_in, things(&store).await[..taken_in.len()]);
    assert_eq!(taken_in.len(), 2_000);
}

/// A page that was read ahead says how things were then, not when it is taken in.
pub async fn a_view_is_as_old_as_its_last_look(store: impl Stores) {
    commit(&store, simple(&stream("one"), 0, 900)).await.unwrap();
    commit(&store, simple(&stream("one"), 900, 900)).await.unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let ticking = Arc::clone(&clock);
    let hook = move |_| {
        ticking.advance(Duration::from_secs(10));
        None
    };
    let log =
        EventLog::new(Hooked::over(&store, hook), key_store(&store), Arc::clone(&clock) as _, Arc::new(SystemIds));
    let stop = CancellationToken::new();
    let live = Live::start(log, Order::default(), stop.clone());
    live.caught_up().await.unwrap();
    let age = live.status().age(clock.now()).unwrap();
    // Another look may be under way; none of them has begun when it ended.
    assert!(age >= Duration::from_secs(10), "{age:?}");
    stop.cancel();
}

/// Whoever pulls after a crash would give it some events twice.
pub async fn a_view_that_crashed_takes_in_nothing_more(store: impl Stores) {
    commit(&store, simple(&stream("one"), 0, 5)).await.unwrap();
    let log = event_log(&store);
    let live = Live::start(log.clone(), Brittle::default(), CancellationToken::new());
    live.caught_up().await.unwrap_err();
    assert!(matches!(live.status().stopped.as_deref(), Some(StopReason::Panicked)));
    assert!(!live.pull(&log, 1).await.unwrap());
    assert_eq!(live.read(|brittle| brittle.0), 3);
}

/// Counts, and crashes at the fourth event.
#[derive(Default)]
struct Brittle(u64);

impl LiveView for Brittle {
    const NAME: &'static str = "contract.brittle";

    fn categories() -> Vec<&'static str> {
        Vec::new()
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        assert_ne!(event.cursor.position(), 4, "this view crashes");
        self.0 += 1;
        Ok(())
    }
}

async fn lay_down(store: &impl Stores) {
    for begin in (0..EVENTS).step_by(850) {
        commit(store, simple(&stream("one"), begin, 850)).await.unwrap();
        commit(store, simple(&StreamId::new("noise", None, None, "one").unwrap(), begin, 850)).await.unwrap();
    }
}

async fn things(store: &impl Stores) -> Vec<u64> {
    let things = everything(store).await.into_iter().filter(|event| event.stream.category() == "thing");
    things.map(|event| event.cursor.position()).collect()
}

type Hook = Box<dyn Fn(usize) -> Option<ReadError> + Send + Sync>;

/// A store of which each page, counted from 0, passes a hook after it was read.
struct Hooked<S> {
    store: S,
    reads: AtomicUsize,
    hook: Hook,
}

impl<S: Stores> Hooked<S> {
    fn over(store: &S, hook: impl Fn(usize) -> Option<ReadError> + Send + Sync + 'static) -> Arc<dyn Store> {
        Arc::new(Self { store: store.clone(), reads: AtomicUsize::new(0), hook: Box::new(hook) })
    }
}

#[async_trait]
impl<S: Stores> Store for Hooked<S> {
    async fn commit(&self, group: &[Prepared]) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.store.commit(group).await
    }

    async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError> {
        Store::find(&self.store, id).await
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError> {
        self.store.read_stream(stream, after, max).await
    }

    async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError> {
        let page = self.store.read_all(after, filter, max).await?;
        match (self.hook)(self.reads.fetch_add(1, Ordering::SeqCst)) {
            Some(error) => Err(error),
            None => Ok(page),
        }
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
