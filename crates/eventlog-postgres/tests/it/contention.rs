use vestibule_eventlog::{AppendError, EventLog};

use crate::{
    chain::{check_chains, everything},
    database::{Database, event_log, monthly_stream, one_event, stream},
};

const APPENDS: u64 = 60;

/// Each store stands for a process: they overtake each other between the look and the lock, on shared streams and on
/// their own, and all find the same new month at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_append_at_once_neither_lose_nor_double() {
    let Some(database) = Database::scratch("processes that append at once neither lose nor double").await else {
        return;
    };
    let mut writers = Vec::new();
    for process in 0..3 {
        let log = event_log(&database.store().await);
        for writer in 0..3 {
            writers.push(tokio::spawn(write(log.clone(), format!("{process}-{writer}"))));
        }
    }
    let mut appended = 0;
    for writer in writers {
        appended += writer.await.unwrap();
    }
    let events = everything(&event_log(&database.store().await)).await;
    check_chains(&events);
    assert_eq!(events.len() as u64, appended);
}

/// Every second append goes to a stream that all writers want; answers how many were made.
async fn write(log: EventLog, name: String) -> u64 {
    log.append(one_event(&monthly_stream(&name), 0)).await.unwrap();
    for number in 0..APPENDS {
        let hot = number % 2 == 0;
        let stream = if hot { stream("hot") } else { stream(&format!("{name}-{number}")) };
        let mut expected = 0;
        loop {
            match log.append(one_event(&stream, expected)).await {
                Ok(_) => break,
                Err(AppendError::Conflict { actual, .. }) if hot => expected = actual.0,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    APPENDS + 1
}
