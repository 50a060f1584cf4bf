//! Durable appends on SQLite, against a bare loop of inserts that commit one by one, in the same run.
//!
//! `cargo bench -p vestibule-eventlog-sqlite` prints, besides criterion's own figures, the ratio of the two.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark: it fails by panicking, and its output is its purpose"
)]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use vestibule_eventlog::{Draft, EventLog, Metadata, StreamAppend, StreamId, Transaction, Version};
use vestibule_eventlog_contract::event_log;
use vestibule_eventlog_sqlite::SqliteStore;

/// The payload of one event, about the size that a real one has.
const DATA_BYTES: usize = 220;

/// How long the comparison measures each side, in slices that take turns.
const SLICE_MILLIS: u64 = 500;
const SLICE: Duration = Duration::from_millis(SLICE_MILLIS);
const SLICES: u64 = 8;

fn transaction(stream: &StreamId, expected: u64) -> Transaction {
    let draft = Draft {
        id: None,
        name: "bench.happened",
        revision: 1,
        data: format!("{{\"text\":\"{}\"}}", "x".repeat(DATA_BYTES - 11)),
        personal: None,
        reservations: Vec::new(),
    };
    let append = StreamAppend { stream: stream.clone(), expected: Version(expected), drafts: vec![draft] };
    Transaction { metadata: Metadata { actor: "bench".to_owned(), ..Metadata::default() }, appends: vec![append] }
}

fn stream(name: &str) -> StreamId {
    StreamId::new("bench", None, None, name).expect("a stream")
}

/// One writer's streams: a new one every so many events, as aggregates have short histories.
struct Writer {
    log: EventLog,
    name: String,
    number: u64,
}

impl Writer {
    const EVENTS_PER_STREAM: u64 = 20;

    async fn append(&mut self) {
        let stream = stream(&format!("{}-{}", self.name, self.number / Self::EVENTS_PER_STREAM));
        let expected = self.number % Self::EVENTS_PER_STREAM;
        self.log.append(transaction(&stream, expected)).await.expect("appended");
        self.number += 1;
    }
}

fn writers(log: &EventLog, count: usize, run: &str) -> Vec<Writer> {
    (0..count).map(|writer| Writer { log: log.clone(), name: format!("{run}-{writer}"), number: 0 }).collect()
}

/// Lets every writer append until `until`; answers how many events that were.
async fn append_until(writers: Vec<Writer>, until: Instant) -> (Vec<Writer>, u64) {
    let tasks: Vec<_> = writers
        .into_iter()
        .map(|mut writer| {
            tokio::spawn(async move {
                let before = writer.number;
                while Instant::now() < until {
                    writer.append().await;
                }
                let appended = writer.number - before;
                (writer, appended)
            })
        })
        .collect();
    let (mut writers, mut total) = (Vec::new(), 0);
    for task in tasks {
        let (writer, appended) = task.await.expect("a writer");
        writers.push(writer);
        total += appended;
    }
    (writers, total)
}

/// The bare loop: the same durability, one table, one index, no questions asked.
struct Bare {
    connection: SqliteConnection,
    number: i64,
}

impl Bare {
    async fn open(directory: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(directory.join("bare.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("a connection");
        sqlx::query("CREATE TABLE bare (position INTEGER PRIMARY KEY, id BLOB UNIQUE, data TEXT NOT NULL)")
            .execute(&mut connection)
            .await
            .expect("a table");
        Self { connection, number: 0 }
    }

    async fn insert(&mut self) {
        self.number += 1;
        sqlx::query("INSERT INTO bare (id, data) VALUES (?1, ?2)")
            .bind(self.number.to_be_bytes().to_vec())
            .bind("x".repeat(DATA_BYTES))
            .execute(&mut self.connection)
            .await
            .expect("inserted");
    }

    async fn insert_until(&mut self, until: Instant) -> u64 {
        let before = self.number;
        while Instant::now() < until {
            self.insert().await;
        }
        (self.number - before).unsigned_abs()
    }
}

/// Takes turns, so that a noisy machine is noisy for both.
fn compare(runtime: &Runtime, log: &EventLog, directory: &Path) {
    runtime.block_on(async {
        let mut bare = Bare::open(directory).await;
        let (mut one, mut many) = (writers(log, 1, "one"), writers(log, 32, "many"));
        let (mut bare_total, mut one_total, mut many_total) = (0, 0, 0);
        for _ in 0..SLICES {
            bare_total += bare.insert_until(Instant::now() + SLICE).await;
            let appended;
            (one, appended) = append_until(one, Instant::now() + SLICE).await;
            one_total += appended;
            let appended;
            (many, appended) = append_until(many, Instant::now() + SLICE).await;
            many_total += appended;
        }
        let rate = |total: u64| total * 1_000 / (SLICES * SLICE_MILLIS);
        let percent = |total: u64| total * 100 / bare_total.max(1);
        println!("bare autocommit inserts:  {} events/s", rate(bare_total));
        println!("append,  1 writer:        {} events/s, {} % of bare", rate(one_total), percent(one_total));
        println!("append, 32 writers:       {} events/s, {} % of bare", rate(many_total), percent(many_total));
    });
}

fn append(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let directory = TempDir::new().expect("a directory");
    let store = runtime.block_on(SqliteStore::open(&directory.path().join("log.db"), "bench")).expect("a store");
    let log = runtime.block_on(async { event_log(&store) });
    compare(&runtime, &log, directory.path());

    let mut group = criterion.benchmark_group("sqlite_append");
    group.sample_size(20);
    let mut run = 0;
    for count in [1, 32] {
        group.bench_function(format!("{count}_writers"), |bencher| {
            bencher.to_async(&runtime).iter_custom(|iterations| {
                run += 1;
                let writers = writers(&log, count, &format!("criterion-{run}"));
                async move {
                    let start = Instant::now();
                    let share = iterations.div_ceil(count as u64);
                    let tasks: Vec<_> = writers
                        .into_iter()
                        .map(|mut writer| {
                            tokio::spawn(async move {
                                for _ in 0..share {
                                    writer.append().await;
                                }
                            })
                        })
                        .collect();
                    for task in tasks {
                        task.await.expect("a writer");
                    }
                    // Per event, whatever rounding up to whole shares added.
                    let appended = share * count as u64;
                    start.elapsed().mul_f64(iterations as f64 / appended as f64)
                }
            });
        });
    }
    group.bench_function("bare_insert", |bencher| {
        let mut bare = None;
        bencher.iter_custom(|iterations| {
            run += 1;
            runtime.block_on(async {
                let place = TempDir::new_in(directory.path()).expect("a directory");
                let bare = bare.insert(Bare::open(place.path()).await);
                let start = Instant::now();
                for _ in 0..iterations {
                    bare.insert().await;
                }
                start.elapsed()
            })
        });
    });
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
