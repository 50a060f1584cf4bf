use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vestibule_decider::{Decider, EventBody, PersonalFields, Reservation, Schema, domain_event};
use vestibule_eventlog::{
    AppendError, Appended, Archive, EventLog, Filter, Metadata, Prepared, PreparedEvent, PreparedStream, Recorded,
    Store, StreamId, Transaction, Version, Views,
};
use vestibule_kernel::{
    Clock as _, EventId, Explain, Explanation, IdSource as _, Kind, PersonId, SecretBox, SystemClock, SystemIds,
};
use vestibule_storage::{ExpiringRecords, KeyStore, KeyTable, MasterKey, SignInTrace, SnapshotTable};

/// Everything that an adapter implements.
pub trait Stores:
    Store + Views + Archive + KeyTable + ExpiringRecords + SignInTrace + SnapshotTable + Clone + Send + Sync + 'static
{
}

impl<S> Stores for S where
    S: Store
        + Views
        + Archive
        + KeyTable
        + ExpiringRecords
        + SignInTrace
        + SnapshotTable
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The keys in `store`, under a master key that is always the same.
pub(crate) fn key_store(store: &impl Stores) -> KeyStore {
    let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).expect("a master key");
    KeyStore::new(Arc::new(store.clone()), master, Arc::new(SystemClock), Arc::new(SystemIds))
}

/// A log on `store`, with a committer of its own.
pub fn event_log(store: &impl Stores) -> EventLog {
    log_over(Arc::new(store.clone()), key_store(store))
}

pub(crate) fn log_over(store: Arc<dyn Store>, keys: KeyStore) -> EventLog {
    EventLog::new(store, keys, Arc::new(SystemClock), Arc::new(SystemIds))
}

pub(crate) fn stream(key: &str) -> StreamId {
    StreamId::new("thing", None, None, key).expect("a stream")
}

pub(crate) fn event_id() -> EventId {
    EventId::from_uuid(SystemIds.uuid_v7(SystemClock.now()))
}

pub(crate) fn event(number: u64) -> PreparedEvent {
    let data = json!({ "number": number, "text": "ä \"quoted\" \u{0} '; --" }).to_string();
    PreparedEvent { id: event_id(), name: "thing.happened", revision: 1, data, personal: None }
}

/// `count` events for `stream`, which must be at `expected`.
pub(crate) fn append_of(stream: &StreamId, expected: u64, count: u64) -> PreparedStream {
    let events = (1..=count).map(|number| event(expected + number)).collect();
    PreparedStream { stream: stream.clone(), expected: Version(expected), events, reservations: Vec::new() }
}

pub(crate) fn prepared(streams: Vec<PreparedStream>) -> Prepared {
    let metadata = Metadata { actor: "contract".to_owned(), ..Metadata::default() };
    Prepared { recorded_at: SystemClock.now(), metadata: Arc::new(metadata), streams }
}

/// One transaction with `count` events for `stream`.
pub(crate) fn simple(stream: &StreamId, expected: u64, count: u64) -> Prepared {
    prepared(vec![append_of(stream, expected, count)])
}

/// One transaction with one event that changes names.
pub(crate) fn naming(stream: &StreamId, expected: u64, reservations: Vec<Reservation>) -> Prepared {
    prepared(vec![PreparedStream { reservations, ..append_of(stream, expected, 1) }])
}

pub(crate) fn take(key: &str) -> Reservation {
    Reservation::Take { scope: "thing.name", key: key.to_owned() }
}

pub(crate) fn release(key: &str) -> Reservation {
    Reservation::Release { scope: "thing.name", key: key.to_owned() }
}

/// Commits one transaction as a group of its own.
pub(crate) async fn commit(store: &impl Store, transaction: Prepared) -> Result<Appended, AppendError> {
    store.commit(&[transaction]).await.expect("the group is committed").pop().expect("one answer")
}

/// Everything in the log, in order.
pub(crate) async fn everything(store: &dyn Store) -> Vec<Recorded> {
    let mut cursor = vestibule_eventlog::Cursor::at(store.epoch(), 0);
    let mut events = Vec::new();
    loop {
        let page = store.read_all(cursor, &Filter::default(), 1_000).await.expect("a page");
        events.extend(page.events);
        if page.at_head {
            return events;
        }
        assert!(page.next.position() > cursor.position(), "a page moves on");
        cursor = page.next;
    }
}

pub(crate) fn actor() -> Metadata {
    Metadata { actor: "contract".to_owned(), ..Metadata::default() }
}

/// A counter with a name: the smallest aggregate with everything that an aggregate can have.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counter {
    pub(crate) total: u64,
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Added {
    pub(crate) amount: u64,
}

impl EventBody for Added {
    const SCHEMA: Schema = Schema::new("counter.added", 1, &[]);
}

#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) person: PersonId,
    #[serde(skip)]
    pub(crate) name: Option<String>,
}

impl EventBody for Named {
    const SCHEMA: Schema = Schema::new("counter.named", 1, &[]);

    fn personal(&self) -> Option<PersonalFields> {
        let name = self.name.as_ref()?;
        Some(PersonalFields { person: self.person, fields: json!({ "name": name }) })
    }

    fn restore_personal(&mut self, fields: Value) -> Result<(), serde_json::Error> {
        self.name = serde_json::from_value(fields["name"].clone())?;
        Ok(())
    }
}

domain_event! {
    /// What happens to a counter.
    #[allow(unreachable_pub, reason = "the macro declares a public enum, this one is the suite's own")]
    pub enum CounterEvent {
        /// It grew.
        Added(Added),
        /// It was named after a person.
        Named(Named),
    }
}

#[derive(Clone, Debug)]
pub(crate) enum CounterCommand {
    Add(u64),
    Name(PersonId, String),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the counter is full")]
pub(crate) struct Full;

impl Explain for Full {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Precondition, "COUNTER_FULL")
    }
}

impl Decider for Counter {
    const CATEGORY: &'static str = "counter";
    type Command = CounterCommand;
    type Event = CounterEvent;
    type Rejection = Full;

    fn decide(&self, command: &CounterCommand) -> Result<Vec<CounterEvent>, Full> {
        match command {
            CounterCommand::Add(0) => Ok(Vec::new()),
            CounterCommand::Add(amount) if self.total + amount > 1_000 => Err(Full),
            CounterCommand::Add(amount) => Ok(vec![Added { amount: *amount }.into()]),
            CounterCommand::Name(person, name) => Ok(vec![Named { person: *person, name: Some(name.clone()) }.into()]),
        }
    }

    fn evolve(self, event: &CounterEvent) -> Self {
        match event {
            CounterEvent::Added(added) => Self { total: self.total + added.amount, ..self },
            CounterEvent::Named(named) => Self { name: named.name.clone(), ..self },
        }
    }
}

pub(crate) fn counter(key: &str) -> StreamId {
    StreamId::new(Counter::CATEGORY, None, None, key).expect("a stream")
}

/// A transaction that adds to a counter.
pub(crate) fn adding(stream: &StreamId, expected: u64, amount: u64) -> Transaction {
    let event = CounterEvent::from(Added { amount });
    Transaction::new(actor()).append(stream.clone(), Version(expected), [&event]).expect("an event")
}

/// The number that an added event carries.
pub(crate) fn amount(event: &Recorded) -> u64 {
    match event.decode::<CounterEvent>().expect("an event of a counter") {
        CounterEvent::Added(added) => added.amount,
        CounterEvent::Named(_) => 0,
    }
}

/// Poison: an event of a type that nobody knows.
pub(crate) fn poison(stream: &StreamId, expected: u64) -> Prepared {
    let mut poison = append_of(stream, expected, 1);
    poison.events[0].name = "counter.exploded";
    prepared(vec![poison])
}
