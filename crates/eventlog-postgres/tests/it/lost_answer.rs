use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sqlx::Row as _;
use vestibule_eventlog::{AppendError, EventLog, Store as _};

use crate::{
    chain::{check_chains, everything},
    database::{Database, connect, event_log, monthly_stream, one_event, stream},
    proxy::{Cut, Proxy},
};

/// Stands in the parameters of the statement that appends and commits at once.
const AT_ONCE: &[u8] = b"thing.happened";

/// The last message of the longer way, which the first append to a new month takes.
const LONGER_WAY: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

async fn proxied(test: &str, commit: &'static [u8], cut: Cut) -> Option<(Database, Proxy, String)> {
    let database = Database::scratch(test).await?;
    let options = database.options();
    let server = format!("{}:{}", options.get_host(), options.get_port());
    let proxy = Proxy::start(server.clone(), commit, cut).await;
    let authority = format!("127.0.0.1:{}", proxy.port);
    let url = database.url.replacen(&server, &authority, 1);
    assert_ne!(url, database.url, "the URL names host and port");
    Some((database, proxy, url))
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_read_back() {
    let test = "a commit whose answer is lost is read back";
    let Some((_database, proxy, url)) = proxied(test, AT_ONCE, Cut::Answer).await else { return };
    let log = event_log(&connect(&url).await);
    for expected in 0..5 {
        proxy.cut_next(1);
        let appended = log.append(one_event(&stream("one"), expected)).await.unwrap();
        assert_eq!(proxy.left(), 0, "the commit went another way");
        assert_eq!(appended.cursor.position(), expected + 1);
    }
    let events = everything(&log).await;
    check_chains(&events);
    assert_eq!(events.len(), 5, "nothing is stored twice");
}

#[tokio::test]
async fn the_longer_way_reads_a_lost_answer_back_too() {
    let test = "the longer way reads a lost answer back too";
    let Some((_database, proxy, url)) = proxied(test, LONGER_WAY, Cut::Answer).await else { return };
    let log = event_log(&connect(&url).await);
    proxy.cut_next(1);
    log.append(one_event(&monthly_stream("one"), 0)).await.unwrap();
    assert_eq!(proxy.left(), 0, "the commit went another way");
    assert_eq!(everything(&log).await.len(), 1);
}

#[tokio::test]
async fn a_commit_that_never_arrived_has_stored_nothing() {
    let test = "a commit that never arrived has stored nothing";
    for (commit, stream) in [(AT_ONCE, stream("one")), (LONGER_WAY, monthly_stream("one"))] {
        let Some((_database, proxy, url)) = proxied(test, commit, Cut::Request).await else { return };
        let log = event_log(&connect(&url).await);
        proxy.cut_next(1);
        let lost = log.append(one_event(&stream, 0)).await;
        assert!(matches!(lost, Err(AppendError::Unavailable(_))), "{lost:?}");
        assert_eq!(proxy.left(), 0);
        assert!(everything(&log).await.is_empty());
        log.append(one_event(&stream, 0)).await.unwrap();
        assert_eq!(everything(&log).await.len(), 1);
    }
}

/// The caller is told that nothing was stored, and may do something else instead: it must stay true.
#[tokio::test]
async fn a_commit_that_arrives_after_it_was_given_up_stores_nothing() {
    let test = "a commit that arrives after it was given up stores nothing";
    for (commit, stream) in [(AT_ONCE, stream("one")), (LONGER_WAY, monthly_stream("one"))] {
        let Some((database, proxy, url)) = proxied(test, commit, Cut::Late).await else { return };
        let (log, other) = (event_log(&connect(&url).await), event_log(&database.store().await));
        proxy.cut_next(1);
        let lost = log.append(one_event(&stream, 0)).await;
        assert!(matches!(lost, Err(AppendError::Unavailable(_))), "{lost:?}");
        assert_eq!(proxy.left(), 0);
        proxy.deliver().await;
        assert!(everything(&log).await.is_empty(), "what was given up is stored after all");

        // The fence stands behind what was given up, not in front of what comes now.
        other.append(one_event(&stream, 0)).await.unwrap();
        log.append(one_event(&stream, 1)).await.unwrap();
        check_chains(&everything(&log).await);
    }
}

/// Sessions are ended at random moments, also in the middle of COMMIT. What was acknowledged is there once, what was
/// refused is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_are_ended_lose_nothing_and_double_nothing() {
    const ENDED_MIN: u32 = 25;
    const WRITERS: usize = 8;
    let Some(database) = Database::scratch("sessions that are ended lose nothing and double nothing").await else {
        return;
    };
    let store = database.store().await;
    let log = event_log(&store);
    let enough = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(log.clone(), writer, Arc::clone(&enough)))).collect();

    let mut hunter = database.session().await;
    let mut ended = 0;
    while ended < ENDED_MIN {
        let row = sqlx::query(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
               AND (query = 'COMMIT' OR query LIKE 'SELECT append_events%')",
        )
        .fetch_one(&mut hunter)
        .await
        .unwrap();
        ended += u32::try_from(row.get::<i64, _>(0)).unwrap();
    }
    enough.store(true, Ordering::SeqCst);
    let mut fates = HashMap::new();
    for writer in writers {
        fates.extend(writer.await.unwrap());
    }

    let events = everything(&log).await;
    check_chains(&events);
    let stored: HashMap<String, usize> = events.iter().fold(HashMap::new(), |mut stored, event| {
        *stored.entry(event.stream.key().to_owned()).or_default() += 1;
        stored
    });
    for (key, fate) in &fates {
        let times = stored.get(key).copied().unwrap_or(0);
        match fate {
            Fate::Acknowledged => assert_eq!(times, 1, "{key} was acknowledged"),
            Fate::Refused => assert_eq!(times, 0, "{key} was refused"),
            Fate::Unknown => assert!(times <= 1),
        }
    }
    assert!(fates.values().filter(|fate| matches!(fate, Fate::Acknowledged)).count() > 50);
    assert_eq!(store.head().await.unwrap().position(), events.len() as u64);
}

#[derive(Debug)]
enum Fate {
    Acknowledged,
    Refused,
    Unknown,
}

async fn write(log: EventLog, writer: usize, enough: Arc<AtomicBool>) -> Vec<(String, Fate)> {
    let mut fates = Vec::new();
    while !enough.load(Ordering::SeqCst) || fates.len() < 20 {
        let key = format!("{writer}-{}", fates.len());
        let fate = match log.append(one_event(&stream(&key), 0)).await {
            Ok(_) => Fate::Acknowledged,
            Err(AppendError::Unknown(_)) => Fate::Unknown,
            Err(_) => Fate::Refused,
        };
        fates.push((key, fate));
    }
    fates
}
