//! Durable appends of one event each, by one and by 32 concurrent writers through the event log with its group commit,
//! against bare single-row INSERTs with autocommit by 32 connections on the same server.
//!
//! `VESTIBULE_TEST_POSTGRES_URL=postgres://... cargo bench -p vestibule-eventlog-postgres --bench append`
//!
//! The database of the URL is used to make and drop one of its own. What counts is the ratio, printed at the end, of
//! rounds that take turns in this one run.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports on the terminal")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing better to do")]

use std::{
    env,
    process::ExitCode,
    str::FromStr as _,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput};
use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{runtime::Runtime, task::JoinSet};
use vestibule_eventlog::{Draft, EventLog, Metadata, StreamAppend, StreamId, Transaction, Version};
use vestibule_eventlog_postgres::PostgresStore;
use vestibule_kernel::{IdSource as _, SecretBox, SecretString, SystemClock, SystemIds};
use vestibule_storage::{KeyStore, MasterKey};

const URL: &str = "VESTIBULE_TEST_POSTGRES_URL";
const DATABASE: &str = "vestibule_bench_append";
const WRITERS: usize = 32;
const ROUNDS: usize = 5;
const ROUND_APPENDS: usize = 12_000;

/// About the size of an accepted sign-in.
const DATA: &str = r#"{"assertion_digest":"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0","connection":"01890a5d-ac96-774b-bcce-b302099a8057","request":"_8c1d5f0a2b3c4d5e6f708192a3b4c5d6","valid_until":"2026-01-01T00:05:00Z"}"#;

struct Contestants {
    log: EventLog,
    plain: PgPool,
}

fn main() -> ExitCode {
    let Ok(url) = env::var(URL) else {
        eprintln!("append: this benchmark needs a PostgreSQL server: set {URL}=postgres://user@host:port/database");
        return ExitCode::FAILURE;
    };
    let runtime = Runtime::new().unwrap();
    let contestants = runtime.block_on(contestants(&url));
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(8));
    group.bench_function("bare INSERT, 32 connections", |bencher| {
        bencher.iter_custom(|appends| runtime.block_on(insert(&contestants, WRITERS, appends)));
    });
    for writers in [1, WRITERS] {
        group.bench_function(format!("event log, {writers} writers"), |bencher| {
            bencher.iter_custom(|appends| runtime.block_on(append(&contestants, writers, appends)));
        });
    }
    group.finish();
    runtime.block_on(compare(&contestants));
    runtime.block_on(async move {
        contestants.plain.close().await;
        drop(contestants);
        administer(&url, "DROP DATABASE vestibule_bench_append WITH (FORCE)").await;
    });
    ExitCode::SUCCESS
}

async fn contestants(url: &str) -> Contestants {
    administer(url, "DROP DATABASE IF EXISTS vestibule_bench_append WITH (FORCE)").await;
    administer(url, "CREATE DATABASE vestibule_bench_append").await;
    let options = PgConnectOptions::from_str(url).unwrap().database(DATABASE);
    let plain =
        PgPoolOptions::new().max_connections(32).test_before_acquire(false).connect_with(options).await.unwrap();
    plain
        .execute("CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text, data text)")
        .await
        .unwrap();
    let url = own_database(url);
    let store = Arc::new(PostgresStore::connect(&SecretString::from(url), "bench").await.unwrap());
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
    let keys = KeyStore::new(Arc::clone(&store) as _, master, Arc::clone(&clock) as _, Arc::clone(&ids) as _);
    Contestants { log: EventLog::new(store, keys, clock, ids), plain }
}

fn own_database(url: &str) -> String {
    let (server, rest) = url.rsplit_once('/').unwrap();
    let parameters = rest.split_once('?').map(|(_, parameters)| format!("?{parameters}")).unwrap_or_default();
    format!("{server}/{DATABASE}{parameters}")
}

async fn administer(url: &str, statement: &'static str) {
    PgConnection::connect(url).await.unwrap().execute(statement).await.unwrap();
}

async fn insert(contestants: &Contestants, writers: usize, appends: u64) -> Duration {
    let pool = contestants.plain.clone();
    timed(writers, appends, move |share| {
        let pool = pool.clone();
        async move {
            let mut connection = pool.acquire().await.unwrap();
            for _ in 0..share {
                sqlx::query("INSERT INTO plain (stream, data) VALUES ($1, $2)")
                    .bind(stream().to_string())
                    .bind(DATA)
                    .execute(&mut *connection)
                    .await
                    .unwrap();
            }
        }
    })
    .await
}

async fn append(contestants: &Contestants, writers: usize, appends: u64) -> Duration {
    let log = contestants.log.clone();
    timed(writers, appends, move |share| {
        let log = log.clone();
        async move {
            for _ in 0..share {
                log.append(transaction()).await.unwrap();
            }
        }
    })
    .await
}

async fn timed<F>(writers: usize, appends: u64, work: impl Fn(u64) -> F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for writer in 0..writers as u64 {
        let share = appends / writers as u64 + u64::from(writer < appends % writers as u64);
        tasks.spawn(work(share));
    }
    tasks.join_all().await;
    started.elapsed()
}

fn stream() -> StreamId {
    StreamId::of_id("bench", None, SystemIds.uuid_v4())
}

fn transaction() -> Transaction {
    let draft = Draft {
        id: None,
        name: "bench.appended",
        revision: 1,
        data: DATA.to_owned(),
        personal: None,
        reservations: Vec::new(),
    };
    let metadata = Metadata { actor: "service:bench".to_owned(), ..Metadata::default() };
    Transaction {
        metadata,
        appends: vec![StreamAppend { stream: stream(), expected: Version::EMPTY, drafts: vec![draft] }],
    }
}

async fn compare(contestants: &Contestants) {
    let (mut plain, mut many, mut one) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(rate(insert(contestants, WRITERS, ROUND_APPENDS as u64).await, ROUND_APPENDS));
        many.push(rate(append(contestants, WRITERS, ROUND_APPENDS as u64).await, ROUND_APPENDS));
        one.push(rate(append(contestants, 1, ROUND_APPENDS as u64 / 10).await, ROUND_APPENDS / 10));
    }
    let (plain, many, one) = (median(plain), median(many), median(one));
    println!("median of {ROUNDS} rounds in turn:");
    println!("  bare INSERT, 32 connections   {plain:>8.0}/s");
    println!("  event log, 32 writers         {many:>8.0}/s   {:.2} of the bare INSERT", many / plain);
    println!("  event log, 1 writer           {one:>8.0}/s   {:.2} of the bare INSERT", one / plain);
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn rate(elapsed: Duration, appends: usize) -> f64 {
    appends as f64 / elapsed.as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}
