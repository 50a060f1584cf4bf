//! A million events of the log taken into the view of people: what the service does when it starts, and how much less
//! it has to do with a snapshot of it.
//!
//! `cargo bench -p vestibule-enrichment-service --bench replay`: on SQLite, or on PostgreSQL in the empty database that
//! `VESTIBULE_BENCH_POSTGRES_URL` names.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]
#![expect(clippy::cast_precision_loss, reason = "counts of events are far below 2^52")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vestibule_decider::DomainEvent;
use vestibule_enrichment_service::People;
use vestibule_eventlog::{
    Draft, EventLog, Live, Metadata, StreamAppend, StreamId, Transaction, Version, snapshot::Snapshots,
};
use vestibule_eventlog_postgres::PostgresStore;
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_kernel::{
    ConnectionId, DomainId, IdSource as _, OrganizationId, PersonId, SecretBox, SecretString, SeededIds, SystemClock,
    SystemIds, Timestamp, UserPoolId,
};
use vestibule_storage::{KeyStore, KeyTable, MasterKey, SnapshotTable};
use vestibule_tenancy::{connection, domain, organization, person, user_pool};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const POSTGRES: &str = "VESTIBULE_BENCH_POSTGRES_URL";

const ROUNDS: usize = 3;
const ORGANIZATIONS: u64 = 10_000;
const PERSONS: u64 = 485_000;

#[tokio::main]
async fn main() {
    let (log, table, _folder) = log().await;
    let begin = Instant::now();
    let events = fill(&log).await;
    println!("{events} events recorded within {:.1} s", begin.elapsed().as_secs_f64());
    let mut whole = f64::MAX;
    for round in 1..=ROUNDS {
        let took = replay(&log).await.as_secs_f64();
        println!("round {round}: {events} events within {took:.2} s, {:.0} events/s", events as f64 / took);
        whole = whole.min(took);
    }
    let snapshots = Snapshots::new(table, log.clone());
    let begin = Instant::now();
    let taken = snapshots.take::<People>(1).await.unwrap().unwrap();
    let (megabytes, took) = (taken.bytes as f64 / 1e6, begin.elapsed().as_secs_f64());
    println!("a snapshot of {megabytes:.1} MB taken within {took:.2} s");
    for round in 1..=ROUNDS {
        let stop = CancellationToken::new();
        let took =
            current(Live::<People>::resume(log.clone(), snapshots.clone(), stop.clone()), &stop).await.as_secs_f64();
        println!("round {round}: from the snapshot within {took:.2} s, {:.3} of the whole log", took / whole);
    }
}

/// A pool, its organizations with a domain and a connection each, and their people with roles.
async fn fill(log: &EventLog) -> u64 {
    let ids = SeededIds::new(1);
    let mut filling = Filling::new(log);
    let pool = UserPoolId::from_uuid(ids.uuid_v4());
    let registered = user_pool::Event::Registered(user_pool::Registered {
        user_pool: pool,
        region: "eu-west-1".to_owned(),
        pool_id: "eu-west-1_AbCd12345".to_owned(),
        domains: vec!["login.saas.example".to_owned()],
        provider_name: "Vestibule".to_owned(),
        client_id: "vestibule-client".to_owned(),
        app_client_id: "3n4b5example".to_owned(),
        signing_algorithm: user_pool::SigningAlgorithm::Rs256,
        requires_email: false,
    });
    filling.add(StreamId::of_id(user_pool::CATEGORY, None, pool.uuid()), vec![registered]).await;
    let mut homes = Vec::new();
    for number in 0..ORGANIZATIONS {
        let owner = OrganizationId::from_uuid(ids.uuid_v4());
        let of = |category, id| StreamId::of_id(category, Some(owner), id);
        let created = organization::Event::Created(organization::Created {
            organization: owner,
            slug: format!("company-{number}"),
            external_id: None,
            display_name: format!("Company {number} GmbH"),
            tier: "gold".to_owned(),
            region: "eu-west-1".to_owned(),
            placement: organization::Placement::SharedPool { user_pool: pool },
        });
        filling.add(of(organization::CATEGORY, owner.uuid()), vec![created]).await;
        let name = format!("company-{number}.example");
        let proof = domain::Proof::OperatorAttestation { note: "contract".to_owned() };
        let verified = domain::Verified { name, include_subdomains: false, proof, verified_at: Timestamp::EPOCH };
        let domain = DomainId::from_uuid(ids.uuid_v4());
        filling.add(of(domain::CATEGORY, domain.uuid()), vec![domain::Event::Verified(verified)]).await;
        let connection = ConnectionId::from_uuid(ids.uuid_v4());
        let enabled = connection::Event::Enabled(connection::Enabled {});
        filling.add(of(connection::CATEGORY, connection.uuid()), vec![enabled]).await;
        homes.push((owner, connection));
    }
    for (number, (organization, connection)) in (0..PERSONS).zip(homes.iter().copied().cycle()) {
        let person = PersonId::from_uuid(ids.uuid_v4());
        let first = person::FirstSeen {
            person,
            organization,
            connection,
            subject_digest: format!("{number:064x}"),
            profile: None,
        };
        let roles = vec!["admin".to_owned(), "member".to_owned()];
        let roles = person::RolesChanged { person, roles, directory: None };
        let events = vec![person::Event::FirstSeen(first), person::Event::RolesChanged(roles)];
        filling.add(StreamId::of_id(person::CATEGORY, Some(organization), person.uuid()), events).await;
    }
    filling.end().await
}

/// A store: PostgreSQL in an empty database where one is named, SQLite in a temporary file otherwise.
async fn log() -> (EventLog, Arc<dyn SnapshotTable>, Option<tempfile::TempDir>) {
    if let Ok(url) = std::env::var(POSTGRES) {
        let store = PostgresStore::connect(&SecretString::from(url), "bench").await.unwrap();
        (over(store.clone()), Arc::new(store), None)
    } else {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("replay.db"), "bench").await.unwrap();
        (over(store.clone()), Arc::new(store), Some(folder))
    }
}

fn over<S: vestibule_eventlog::Store + KeyTable + Clone + 'static>(store: S) -> EventLog {
    let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
    let keys = KeyStore::new(Arc::new(store.clone()), master, Arc::new(SystemClock), Arc::new(SystemIds));
    EventLog::new(Arc::new(store), keys, Arc::new(SystemClock), Arc::new(SystemIds))
}

/// From an empty view until it holds everything there is: what a process does when it starts.
async fn replay(log: &EventLog) -> Duration {
    let stop = CancellationToken::new();
    current(Live::start(log.clone(), People::default(), stop.clone()), &stop).await
}

/// Until the view, which has begun just now, holds everything there is.
async fn current(view: Live<People>, stop: &CancellationToken) -> Duration {
    let begin = Instant::now();
    view.caught_up().await.unwrap();
    let took = begin.elapsed();
    stop.cancel();
    took
}

/// Events in transactions of a thousand, several at a time.
struct Filling<'a> {
    log: &'a EventLog,
    appends: Vec<StreamAppend>,
    running: JoinSet<()>,
    events: u64,
}

impl<'a> Filling<'a> {
    fn new(log: &'a EventLog) -> Self {
        Self { log, appends: Vec::new(), running: JoinSet::new(), events: 0 }
    }

    async fn add<E: DomainEvent>(&mut self, stream: StreamId, events: Vec<E>) {
        self.events += events.len() as u64;
        let drafts = events.iter().map(|event| Draft::of(event).unwrap()).collect();
        self.appends.push(StreamAppend { stream, expected: Version::EMPTY, drafts });
        if self.appends.len() >= 400 {
            self.flush().await;
        }
    }

    async fn flush(&mut self) {
        let metadata = Metadata { actor: "operator".to_owned(), ..Metadata::default() };
        let transaction = Transaction { metadata, appends: std::mem::take(&mut self.appends) };
        let log = self.log.clone();
        self.running.spawn(async move {
            log.append(transaction).await.unwrap();
        });
        while self.running.len() > 8 {
            self.running.join_next().await.unwrap().unwrap();
        }
    }

    async fn end(mut self) -> u64 {
        self.flush().await;
        while let Some(ended) = self.running.join_next().await {
            ended.unwrap();
        }
        self.events
    }
}
