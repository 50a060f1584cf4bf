use std::{
    env, process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, Streaming};
use uuid::Uuid;
use vestibule_bus::{Mapping, Message};
use vestibule_decider::DomainEvent;
use vestibule_eventlog::{Filter, Metadata, StreamId, Transaction, Version};
use vestibule_eventlog_postgres::PostgresStore;
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_host::Resources;
use vestibule_kernel::{Clock as _, OrganizationId, PersonId, SecretBox, SecretString, SystemClock, SystemIds};
use vestibule_registry_service::Config;
use vestibule_rpc::{
    Channel,
    events::v1::{
        Event, ListEventsRequest, ListEventsResponse, Progress, SubscribeEventsRequest, SubscribeEventsResponse,
        event_service_client::EventServiceClient, subscribe_events_response::Message as Told,
    },
    memory,
};
use vestibule_storage::MasterKey;
use vestibule_tenancy::{organization, person};

const POSTGRES: &str = "VESTIBULE_TEST_POSTGRES_URL";
const REQUIRE_ALL: &str = "VESTIBULE_TEST_REQUIRE_ALL";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A registry on a store, with real time.
pub(crate) struct World {
    pub(crate) resources: Resources,
    pub(crate) channel: Channel,
    _directory: Option<tempfile::TempDir>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.resources.stop.cancel();
    }
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("vestibule.db"), "test").await.unwrap();
        Self::over(store, Some(directory)).await
    }

    /// The same on PostgreSQL, or `None`, with a word about it, when there is no server to test with.
    pub(crate) async fn postgres(test: &str) -> Option<Self> {
        let Ok(server) = env::var(POSTGRES) else {
            assert!(env::var(REQUIRE_ALL).as_deref() != Ok("1"), "{test} needs a PostgreSQL server: set {POSTGRES}");
            println!("skipped: {test}: {POSTGRES} is not set");
            return None;
        };
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("vestibule_test_{}_{}_events{number}", SystemClock.now().unix_seconds(), process::id());
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await.unwrap();
        let (before, after) = server.rsplit_once('/').unwrap();
        let parameters = after.split_once('?').map(|(_, parameters)| format!("?{parameters}")).unwrap_or_default();
        let url = SecretString::from(format!("{before}/{name}{parameters}"));
        Some(Self::over(PostgresStore::connect(&url, "test").await.unwrap(), None).await)
    }

    async fn over<S>(store: S, directory: Option<tempfile::TempDir>) -> Self
    where
        S: vestibule_eventlog::Archive
            + vestibule_eventlog::Views
            + vestibule_storage::KeyTable
            + vestibule_storage::ExpiringRecords
            + vestibule_storage::SignInTrace
            + vestibule_storage::SnapshotTable
            + Clone
            + 'static,
    {
        let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
        let url = "https://login.vestibule.test".parse().unwrap();
        let stop = CancellationToken::new();
        let mut resources = Resources::over(store, master, url, Arc::new(SystemClock), Arc::new(SystemIds), stop);
        resources.ending = CancellationToken::new();
        let config = Config { events_progress_seconds: 1, ..Config::default() };
        let service = vestibule_registry_service::start(&resources, &config).await.unwrap();
        Self { channel: memory::serve(service.grpc), resources, _directory: directory }
    }

    pub(crate) fn client(&self) -> EventServiceClient<Channel> {
        EventServiceClient::new(self.channel.clone()).max_decoding_message_size(16 * 1024 * 1024)
    }

    pub(crate) async fn append<E: DomainEvent>(&self, stream: StreamId, from: u64, events: &[E]) {
        let metadata = Metadata {
            actor: "operator".to_owned(),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            ..Metadata::default()
        };
        let transaction = Transaction::new(metadata).append(stream, Version(from), events).unwrap();
        self.resources.log.append(transaction).await.unwrap();
    }

    /// Another event of an organization: what happened to its organization, at this version.
    pub(crate) async fn happen(&self, number: u128, version: u64) {
        let stream = StreamId::of_id(organization::CATEGORY, Some(organization_id(number)), Uuid::from_u128(number));
        let event = if version.is_multiple_of(2) {
            organization::Event::Suspended(organization::Suspended { note: "inside".to_owned() })
        } else {
            organization::Event::Reinstated(organization::Reinstated {})
        };
        self.append(stream, version, &[event]).await;
    }

    /// A person of an organization is seen for the first time.
    pub(crate) async fn person(&self, number: u128, person: u128, name: &str) {
        let id = PersonId::from_uuid(Uuid::from_u128(person));
        let first = person::Event::FirstSeen(person::FirstSeen {
            person: id,
            organization: organization_id(number),
            connection: "01890a5d-ac96-774b-bcce-b302099a8053".parse().unwrap(),
            subject_digest: format!("{person:064x}"),
            profile: Some(profile(name)),
        });
        self.append(StreamId::of_id(person::CATEGORY, Some(organization_id(number)), id.uuid()), 0, &[first]).await;
    }

    /// What the relay would send, in the order of the log.
    pub(crate) async fn messages(&self) -> Vec<Message> {
        let mapping = Mapping::new("test", "https://login.vestibule.test");
        let (mut messages, mut after) = (Vec::new(), self.resources.log.start());
        loop {
            let page = self.resources.log.read_all(after, &Filter::default(), 1_000).await.unwrap();
            for recorded in &page.events {
                messages.extend(mapping.message(&self.resources.log, recorded).await.unwrap());
            }
            after = page.next;
            if page.at_head {
                return messages;
            }
        }
    }

    pub(crate) async fn list(&self, request: ListEventsRequest) -> Result<ListEventsResponse, Status> {
        Ok(self.client().list_events(request).await?.into_inner())
    }

    pub(crate) async fn subscribe(&self, request: SubscribeEventsRequest) -> Result<Subscribed, Status> {
        Ok(Subscribed(self.client().subscribe_events(request).await?.into_inner()))
    }
}

/// A subscription as its client has it.
pub(crate) struct Subscribed(pub(crate) Streaming<SubscribeEventsResponse>);

impl Subscribed {
    pub(crate) async fn told(&mut self) -> Result<Told, Status> {
        let told = self.0.message().await?.ok_or_else(|| Status::new(Code::Cancelled, "ended without a word"))?;
        Ok(told.message.unwrap())
    }

    /// The next event, whatever else is said.
    pub(crate) async fn event(&mut self) -> Result<Event, Status> {
        loop {
            if let Told::Event(event) = self.told().await? {
                return Ok(event);
            }
        }
    }

    pub(crate) async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.event().await.unwrap());
        }
        events
    }

    /// The next word about how far the log was read; no event may come before it.
    pub(crate) async fn progress(&mut self) -> Progress {
        match self.told().await.unwrap() {
            Told::Progress(progress) => progress,
            Told::Event(event) => panic!("{event:?}"),
        }
    }
}

pub(crate) fn organization_id(number: u128) -> OrganizationId {
    OrganizationId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn organization_name(number: u128) -> String {
    format!("organizations/{}", organization_id(number))
}

pub(crate) fn profile(name: &str) -> person::Profile {
    person::Profile {
        subject: format!("subject of {name}"),
        email: Some("ada@acme.test".to_owned()),
        name: Some(name.to_owned()),
        ..person::Profile::default()
    }
}

pub(crate) fn ids(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.id.clone()).collect()
}
