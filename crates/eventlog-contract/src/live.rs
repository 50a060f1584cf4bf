//! Views in memory.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use vestibule_decider::DecodeError;
use vestibule_eventlog::{Live, LiveView, Looks, Recorded, StopReason};
use vestibule_kernel::{Clock as _, SystemClock};

use crate::fixture::{CounterEvent, Stores, adding, commit, counter, event_log, poison, simple, stream};

/// Far beyond what any machine needs; only a broken view waits this long.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Sum {
    total: u64,
    events: u64,
    fragile: bool,
}

impl LiveView for Sum {
    const NAME: &'static str = "contract.sum";

    fn categories() -> Vec<&'static str> {
        vec!["counter"]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let event = event.decode::<CounterEvent>();
        assert!(!self.fragile || event.is_ok(), "this view crashes on poison");
        if let CounterEvent::Added(added) = event? {
            self.total += added.amount;
        }
        self.events += 1;
        Ok(())
    }
}

/// What was there before, and what comes; readers of their own writes wait for their cursor.
pub async fn a_view_catches_up_and_follows(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    for number in 0..10 {
        log.append(adding(&one, number, 1)).await.unwrap();
    }
    commit(&store, simple(&stream("noise"), 0, 3)).await.unwrap();
    let stop = CancellationToken::new();
    let live = Live::start(log.clone(), Sum::default(), stop.clone());
    live.caught_up().await.unwrap();
    assert_eq!(live.read(|sum| (sum.total, sum.events)), (10, 10));
    let appended = log.append(adding(&one, 10, 5)).await.unwrap();
    assert!(live.reached(appended.cursor, PATIENCE).await);
    assert_eq!(live.read(|sum| sum.total), 15);
    let status = live.status();
    assert!(status.stopped.is_none() && status.cursor == appended.cursor);
    assert!(status.age(SystemClock.now()).expect("caught up") < PATIENCE);
    stop.cancel();
    let beyond = vestibule_eventlog::Cursor::at(store.epoch(), 1_000_000);
    assert!(!live.reached(beyond, PATIENCE).await);
    assert!(matches!(live.status().stopped.as_deref(), Some(StopReason::Cancelled)));
}

/// Whoever cannot wait reads for themselves; with the view's own task on the same way, each event counts once.
pub async fn a_view_that_is_pulled_takes_in_each_event_once(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    let live = Live::start(log.clone(), Sum::default(), CancellationToken::new());
    for number in 0..50 {
        log.append(adding(&one, number, 1)).await.unwrap();
        let (first, second) = tokio::join!(live.pull(&log, 1), live.pull(&log, 1));
        assert!(first.unwrap() && second.unwrap());
        assert_eq!(live.read(|sum| (sum.total, sum.events)), (number + 1, number + 1));
    }
    assert!(!live.pull(&log, 0).await.unwrap(), "it did not look");
    commit(&store, poison(&one, 50)).await.unwrap();
    assert!(!live.pull(&log, 1).await.unwrap());
    live.reached(vestibule_eventlog::Cursor::at(store.epoch(), 1_000_000), PATIENCE).await;
    assert!(matches!(live.status().stopped.as_deref(), Some(StopReason::Poison { .. })));
    assert_eq!(live.read(|sum| sum.total), 50);
}

/// However many look at once, each finds what was there when they began to.
pub async fn those_who_look_at_once_find_what_was_there(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    let live = Live::start(log.clone(), Sum::default(), CancellationToken::new());
    let looks = Arc::new(Looks::new(log.clone(), live.clone()));
    for number in 0..20 {
        log.append(adding(&one, number, 1)).await.unwrap();
        let lookers: Vec<_> = (0..8)
            .map(|_| {
                let (looks, live) = (Arc::clone(&looks), live.clone());
                tokio::spawn(async move {
                    looks.look(PATIENCE).await.unwrap();
                    live.read(|sum| sum.total)
                })
            })
            .collect();
        for looker in lookers {
            assert_eq!(looker.await.unwrap(), number + 1);
        }
    }
}

/// What came before it is in the view, nothing behind it, and the status says which event it was.
pub async fn a_poison_event_stops_the_view(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    log.append(adding(&one, 0, 1)).await.unwrap();
    commit(&store, poison(&one, 1)).await.unwrap();
    log.append(adding(&one, 2, 100)).await.unwrap();
    let live = Live::start(log, Sum::default(), CancellationToken::new());
    live.caught_up().await.unwrap_err();
    assert_eq!(live.read(|sum| sum.total), 1);
    let stopped = live.status().stopped.expect("stopped");
    assert!(matches!(*stopped, StopReason::Poison { position: 2, source: DecodeError::UnknownName { .. } }));
}

/// A crash in a view is no silence.
pub async fn a_panicking_view_says_that_it_stopped(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    commit(&store, poison(&one, 0)).await.unwrap();
    let live = Live::start(log, Sum { fragile: true, ..Sum::default() }, CancellationToken::new());
    live.caught_up().await.unwrap_err();
    assert!(matches!(live.status().stopped.as_deref(), Some(StopReason::Panicked)));
    assert_eq!(live.read(|sum| sum.events), 0);
}
