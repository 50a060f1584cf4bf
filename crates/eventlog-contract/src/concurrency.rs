//! Many writers at once, and a reader that watches them.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::watch;
use vestibule_eventlog::{AppendError, Cursor, EventLog, Filter, Recorded, Store, Version};

use crate::fixture::{Stores, adding, amount, commit, counter, event_log, everything, naming, simple, stream, take};

const WRITERS: u64 = 8;
const APPENDS: u64 = 60;
const STREAMS: u64 = 5;

/// Writers race for a few hot streams while a reader polls. Everything acknowledged is in the log exactly once, versions
/// and positions are dense, and the reader, which never looks back, has seen all of it in order.
pub async fn concurrent_writers_lose_nothing_and_readers_miss_nothing(store: impl Stores) {
    // Two handles, as two processes have them: their groups compete for the store's lock.
    let logs = [event_log(&store), event_log(&store)];
    let (done, watching) = watch::channel(None);
    let reader = tokio::spawn(read_until(Arc::new(store.clone()), watching));
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(logs[usize::from(writer % 2 == 0)].clone(), writer))).collect();
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    let head = store.head().await.unwrap();
    done.send_replace(Some(head));
    let seen = reader.await.unwrap();

    let events = everything(&store).await;
    assert_eq!(seen, events, "the reader saw everything, in order, nothing twice and nothing late");
    assert_eq!(acknowledged.len() as u64, WRITERS * APPENDS);
    let mut amounts: Vec<u64> = events.iter().map(amount).collect();
    amounts.sort_unstable();
    acknowledged.sort_unstable();
    assert_eq!(amounts, acknowledged, "what was acknowledged is there once, and nothing else");
    let mut versions: HashMap<_, u64> = HashMap::new();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.cursor.position(), index as u64 + 1);
        let version = versions.entry(&event.stream).or_default();
        *version += 1;
        assert_eq!(event.version, Version(*version));
    }
    assert_eq!(versions.len() as u64, STREAMS);
}

/// Appends numbered events to the hot streams, one after the other, and answers the numbers that were acknowledged.
async fn write(log: EventLog, writer: u64) -> Vec<u64> {
    let mut acknowledged = Vec::new();
    for append in 0..APPENDS {
        let stream = counter(&format!("hot-{}", (writer + append) % STREAMS));
        let number = writer * APPENDS + append;
        let mut expected = 0;
        loop {
            match log.append(adding(&stream, expected, number)).await {
                Ok(_) => break,
                Err(AppendError::Conflict { actual, .. }) => expected = actual.0,
                Err(error) => panic!("{error:?}"),
            }
        }
        acknowledged.push(number);
    }
    acknowledged
}

/// Polls without pause until it has passed the head that it is told at the end.
async fn read_until(store: Arc<dyn Store>, until: watch::Receiver<Option<Cursor>>) -> Vec<Recorded> {
    let mut cursor = Cursor::at(store.epoch(), 0);
    let mut seen = Vec::new();
    loop {
        let head = *until.borrow();
        let page = store.read_all(cursor, &Filter::default(), 7).await.unwrap();
        for event in &page.events {
            assert!(event.cursor.position() > cursor.position(), "an event came late");
            cursor = event.cursor;
        }
        assert!(page.next.position() >= cursor.position());
        cursor = page.next;
        seen.extend(page.events);
        if head.is_some_and(|head| cursor.position() >= head.position()) {
            return seen;
        }
        tokio::task::yield_now().await;
    }
}

/// Of many transactions that take one name, exactly one is admitted.
pub async fn one_of_many_takes_the_name(store: impl Stores) {
    let racers: Vec<_> = (0..WRITERS)
        .map(|racer| {
            let (store, stream) = (store.clone(), stream(&format!("racer-{racer}")));
            tokio::spawn(async move {
                let answers = store.commit(&[naming(&stream, 0, vec![take("prize")])]).await.unwrap();
                answers.into_iter().all(|answer| answer.is_ok())
            })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        winners += u64::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
    let events = everything(&store).await;
    assert_eq!(events.len(), 1);
    assert_eq!(store.holder("thing.name", "prize").await.unwrap().as_ref(), Some(&events[0].stream));
}

/// An append that is dropped in the middle is there completely or not at all, and the store goes on.
pub async fn an_aborted_append_leaves_the_log_whole(store: impl Stores) {
    for round in 0..40_u64 {
        let (appender, transaction) = (store.clone(), simple(&stream(&format!("aborted-{round}")), 0, 3));
        let appending = tokio::spawn(async move { appender.commit(&[transaction]).await });
        // A little later each time: before it has begun, in the middle, after it is done.
        for _ in 0..round * 20 {
            tokio::task::yield_now().await;
        }
        appending.abort();
        let _ = appending.await;
    }
    commit(&store, simple(&stream("after"), 0, 1)).await.unwrap();
    let events = everything(&store).await;
    let mut streams: HashMap<_, u64> = HashMap::new();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.cursor.position(), index as u64 + 1);
        *streams.entry(event.stream.key()).or_default() += 1;
    }
    assert_eq!(streams.remove("after"), Some(1));
    assert!(streams.values().all(|events| *events == 3), "{streams:?}");
}
