//! Views in the store.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vestibule_decider::DecodeError;
use vestibule_eventlog::{
    Cursor, EntryKey, EventLog, LiveStatus, Projection, Recorded, StopReason, Views, run_projection,
};

use crate::fixture::{
    CounterEvent, Stores, adding, amount, commit, counter, event_log, poison, prepared, simple, stream,
};

/// The sum of each counter; one that reaches exactly 100 is removed, and adding 13 is a fault of the program.
struct Sums;

impl Projection for Sums {
    const NAME: &'static str = "contract.sums.v1";

    fn categories() -> Vec<&'static str> {
        vec!["counter"]
    }

    fn entries(&self, event: &Recorded) -> Result<Vec<EntryKey>, DecodeError> {
        let key = EntryKey { organization: event.stream.organization(), key: event.stream.key().to_owned() };
        Ok(vec![key.clone(), key])
    }

    fn project(&self, event: &Recorded, _: &EntryKey, entry: Option<Value>) -> Result<Option<Value>, DecodeError> {
        event.decode::<CounterEvent>()?;
        assert_ne!(amount(event), 13, "this projection crashes");
        let total = entry.and_then(|entry| entry["total"].as_u64()).unwrap_or(0) + amount(event);
        Ok((total != 100).then(|| json!({ "total": total })))
    }
}

struct Running {
    status: watch::Receiver<LiveStatus>,
    task: tokio::task::JoinHandle<Arc<StopReason>>,
    stop: CancellationToken,
}

fn run<S: Stores>(store: &S, log: &EventLog) -> Running {
    let status = LiveStatus { cursor: log.start(), current_at: None, stopped: None };
    let (sender, status) = watch::channel(status);
    let (views, stop): (Arc<dyn Views>, _) = (Arc::new(store.clone()), CancellationToken::new());
    let task = tokio::spawn(run_projection(log.clone(), views, Sums, Some(sender), stop.clone()));
    Running { status, task, stop }
}

async fn total(store: &impl Stores, key: &str) -> Option<u64> {
    let entry = Views::get(store, Sums::NAME, None, key).await.unwrap()?;
    entry["total"].as_u64()
}

async fn stored(running: &mut Running, cursor: Cursor) {
    running.status.wait_for(|status| status.cursor.position() >= cursor.position()).await.unwrap();
}

/// From the start, in steps, and after a stop from where it was.
pub async fn a_projection_builds_its_view(store: impl Stores) {
    let (log, one, two) = (event_log(&store), counter("one"), counter("two"));
    for number in 0..5 {
        log.append(adding(&one, number, 10)).await.unwrap();
    }
    commit(&store, simple(&stream("noise"), 0, 3)).await.unwrap();
    let last = log.append(adding(&two, 0, 100)).await.unwrap();
    let mut running = run(&store, &log);
    stored(&mut running, last.cursor).await;
    assert_eq!((total(&store, "one").await, total(&store, "two").await), (Some(50), None));
    let last = log.append(adding(&two, 1, 7)).await.unwrap();
    stored(&mut running, last.cursor).await;
    assert_eq!(total(&store, "two").await, Some(7));
    running.stop.cancel();
    assert!(matches!(*running.task.await.unwrap(), StopReason::Cancelled));
    assert_eq!(store.checkpoint(Sums::NAME).await.unwrap(), Some(last.cursor));

    let last = log.append(adding(&one, 5, 1)).await.unwrap();
    let mut again = run(&store, &log);
    stored(&mut again, last.cursor).await;
    assert_eq!((total(&store, "one").await, total(&store, "two").await), (Some(51), Some(7)));
}

/// What came before it is stored, and the checkpoint stands right in front of it.
pub async fn a_poison_event_stops_the_projection_before_it(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    log.append(adding(&one, 0, 1)).await.unwrap();
    log.append(adding(&one, 1, 2)).await.unwrap();
    commit(&store, poison(&one, 2)).await.unwrap();
    log.append(adding(&one, 3, 4)).await.unwrap();
    for _ in 0..2 {
        let running = run(&store, &log);
        assert!(matches!(*running.task.await.unwrap(), StopReason::Poison { position: 3, .. }));
        assert!(running.status.borrow().stopped.is_some());
        assert_eq!(total(&store, "one").await, Some(3));
        assert_eq!(store.checkpoint(Sums::NAME).await.unwrap().map(Cursor::position), Some(2));
    }
}

/// A crash is no silence, and stores nothing.
pub async fn a_panicking_projection_says_that_it_stopped(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    log.append(adding(&one, 0, 1)).await.unwrap();
    log.append(adding(&one, 1, 13)).await.unwrap();
    let running = run(&store, &log);
    assert!(matches!(*running.task.await.unwrap(), StopReason::Panicked));
    assert!(matches!(running.status.borrow().stopped.as_deref(), Some(StopReason::Panicked)));
    assert_eq!(total(&store, "one").await, None);
    assert_eq!(store.checkpoint(Sums::NAME).await.unwrap(), None);
}

/// Two processes run the same projection while the log grows.
pub async fn two_runners_do_not_count_twice(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    let mut runners = [run(&store, &log), run(&store, &event_log(&store))];
    let mut last = log.start();
    for number in 0..40 {
        last = log.append(adding(&one, number, 1)).await.unwrap().cursor;
    }
    commit(&store, prepared(Vec::new())).await.unwrap();
    for runner in &mut runners {
        stored(runner, last).await;
    }
    assert_eq!(total(&store, "one").await, Some(40));
    assert_eq!(store.checkpoint(Sums::NAME).await.unwrap(), Some(last));
}
