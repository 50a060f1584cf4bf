//! Killing a writer at any moment: what it was acknowledged is there, and the log is whole.
//!
//! The adapter's test binary starts itself as the child: a test that does nothing unless an environment variable names
//! the store, and that calls [`write_until_killed`].

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use futures_util::future::select_all;
use vestibule_eventlog::{AppendError, ORIGIN, Store, Version};
use vestibule_kernel::EventId;

use vestibule_eventlog::snapshot::bytes_of;

use crate::{
    fixture::{Stores, adding, commit, counter, event_log, everything, simple, stream},
    snapshot::{Ledger, replayed, resumed, snapshots},
};

/// What stands in front of an acknowledged event id on the child's output.
const ACKNOWLEDGED: &str = "acknowledged ";

/// How many tasks of the child write at the same time.
const WRITERS: u64 = 4;

/// Appends for ever, to streams that all tasks share, and prints the id of each event once it was acknowledged. Takes one
/// snapshot after the other meanwhile.
pub async fn write_until_killed(store: impl Stores) {
    let log = event_log(&store);
    let snapshots = snapshots(&store, &log);
    tokio::spawn(async move {
        loop {
            snapshots.take::<Ledger>(1).await.expect("a snapshot can be taken");
            tokio::task::yield_now().await;
        }
    });
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (log, store) = (log.clone(), store.clone());
            tokio::spawn(async move {
                let stream = counter(&format!("crash-{}", writer % 3));
                let mut expected = 0;
                loop {
                    match log.append(adding(&stream, expected, writer)).await {
                        Ok(appended) => {
                            let behind = Version(appended.versions[0].0 - 1);
                            let event = store.read_stream(&stream, behind, 1).await.unwrap().remove(0);
                            let mut out = std::io::stdout().lock();
                            writeln!(out, "{ACKNOWLEDGED}{}", event.id).unwrap();
                            out.flush().unwrap();
                            expected = appended.versions[0].0;
                        }
                        Err(AppendError::Conflict { actual, .. }) => expected = actual.0,
                        Err(error) => return error,
                    }
                }
            })
        })
        .collect();
    let (ended, ..) = select_all(writers).await;
    panic!("a writer ended: {ended:?}");
}

/// Starts the child, kills it (SIGKILL) after `count` acknowledgements, and answers all that it printed.
pub fn kill_after(mut child: Command, count: usize) -> Vec<EventId> {
    let mut child = child.stdout(Stdio::piped()).spawn().expect("the child starts");
    let mut acknowledged = Vec::new();
    for line in BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok) {
        // What the test harness prints may stand in front, and the last line may be torn.
        let id: Option<EventId> = line.split_once(ACKNOWLEDGED).and_then(|(_, id)| id.parse().ok());
        acknowledged.extend(id);
        if acknowledged.len() == count {
            child.kill().expect("the child is killed");
        }
    }
    child.wait().expect("the child has ended");
    assert!(acknowledged.len() >= count, "the child ended by itself after {} appends", acknowledged.len());
    acknowledged
}

/// Everything acknowledged is in the log; positions and versions are dense, the hash chain holds, appends go on. A process
/// that starts comes to the view that the whole log says, and takes the next snapshot.
pub async fn nothing_is_lost(store: impl Stores, acknowledged: &[EventId]) {
    for id in acknowledged {
        assert!(Store::find(&store, *id).await.unwrap().is_some(), "the acknowledged event {id} is gone");
    }
    let events = everything(&store).await;
    assert!(events.len() >= acknowledged.len());
    let mut heads = HashMap::new();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.cursor.position(), index as u64 + 1);
        let (version, hash) = heads.get(&event.stream).copied().unwrap_or((Version::EMPTY, ORIGIN));
        assert_eq!(event.version, version.plus(1));
        assert_eq!(event.hash, vestibule_eventlog::Link::from(event).hash(&hash));
        heads.insert(event.stream.clone(), (event.version, event.hash));
    }
    let log = event_log(&store);
    assert_eq!(resumed(&store, &log).await.0, bytes_of(&replayed(&log).await).unwrap());
    let after = stream("after-the-crash");
    let version = heads.get(&after).map_or(0, |(version, _)| version.0);
    let appended = commit(&store, simple(&after, version, 1)).await.unwrap();
    assert_eq!(appended.cursor.position(), events.len() as u64 + 1);
}
