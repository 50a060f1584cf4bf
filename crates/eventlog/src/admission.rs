//! Which transactions of a group are stored, and as what: the part of a commit that both stores share. Pure.
//!
//! A store takes its writer lock, answers the [`Question`] with a [`Snapshot`], and stores what [`admit`] says. Because
//! the lock is held from the snapshot to the COMMIT, positions are dense and their order is the order of commits.

use std::collections::{HashMap, HashSet};

use vestibule_decider::Reservation;
use vestibule_kernel::{EventId, Timestamp};

use crate::{
    AppendError, Appended, Cursor, Hash, Link, Metadata, ORIGIN, Partition, Prepared, PreparedEvent, PreparedStream,
    StreamId, Version, limit,
};

/// What a store must look up, while it holds its writer lock, before a group can be admitted. No entry occurs twice.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Question {
    /// The streams whose heads are needed, as text.
    pub streams: Vec<String>,
    /// The unique names (scope, key) whose holders are needed.
    pub reservations: Vec<(&'static str, String)>,
    /// The ids that must not be in the log yet.
    pub ids: Vec<EventId>,
    /// The partitions (category, month) that may have been closed.
    pub partitions: Vec<(String, Partition)>,
}

impl Question {
    /// What `group` needs to know.
    #[must_use]
    pub fn of(group: &[Prepared]) -> Self {
        let mut question = Self::default();
        let (mut streams, mut names, mut partitions) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut ids = HashSet::new();
        for append in group.iter().flat_map(|transaction| &transaction.streams) {
            if streams.insert(&append.stream) {
                question.streams.push(append.stream.to_string());
            }
            question.ids.extend(append.events.iter().map(|event| event.id).filter(|id| ids.insert(*id)));
            for (scope, key) in append.reservations.iter().map(name_of) {
                if names.insert((scope, key)) {
                    question.reservations.push((scope, key.to_owned()));
                }
            }
            if let Some(partition) = append.stream.partition()
                && partitions.insert((append.stream.category(), partition))
            {
                question.partitions.push((append.stream.category().to_owned(), partition));
            }
        }
        question
    }
}

/// The answer of a store to a [`Question`], as of the moment it took its writer lock.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The epoch of the log.
    pub epoch: u64,
    /// The last position that was ever given out; 0 for none.
    pub head: u64,
    /// The last version and hash of every stream in question that has events.
    pub streams: HashMap<String, (Version, Hash)>,
    /// The holders of the unique names in question that are held.
    pub holders: HashMap<(String, String), StreamId>,
    /// Those of the ids in question that are in the log.
    pub known: HashSet<EventId>,
    /// Those of the partitions in question that are closed.
    pub closed: HashSet<(String, Partition)>,
}

/// A row to be stored.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its place in the global order.
    pub position: u64,
    /// Its stream.
    pub stream: &'a StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// When it is recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub metadata: &'a Metadata,
    /// What happened.
    pub event: &'a PreparedEvent,
    /// Its hash.
    pub hash: Hash,
}

/// What becomes of a unique name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReservationChange {
    /// What kind of name.
    pub scope: String,
    /// The name.
    pub key: String,
    /// Who holds it from now on; `None` when nobody does.
    pub holder: Option<StreamId>,
}

/// What a store must write, and what it must answer once that is committed.
#[derive(Debug, Default)]
pub struct Admission<'a> {
    /// One answer for each transaction, in order.
    pub answers: Vec<Result<Appended, AppendError>>,
    /// The rows, in the order of their positions.
    pub rows: Vec<Row<'a>>,
    /// The net changes to unique names, each name once.
    pub reservations: Vec<ReservationChange>,
}

/// Goes through the group in order and admits or refuses each transaction on the state that its admitted predecessors
/// leave behind. A refused transaction changes nothing.
#[must_use]
pub fn admit(group: &[Prepared], snapshot: Snapshot) -> Admission<'_> {
    let mut state = snapshot;
    let mut admission = Admission::default();
    let mut changed: Vec<(String, String)> = Vec::new();
    for transaction in group {
        let answer =
            Attempt::new(&state).run(transaction).map(|Changes { head, rows, streams, holders, versions, .. }| {
                state.head = head;
                state.known.extend(rows.iter().map(|row| row.event.id));
                state.streams.extend(streams);
                admission.rows.extend(rows);
                for (name, holder) in holders {
                    changed.push(name.clone());
                    match holder {
                        Some(stream) => state.holders.insert(name, stream),
                        None => state.holders.remove(&name),
                    };
                }
                Appended { versions, cursor: Cursor::at(state.epoch, head), recorded_at: transaction.recorded_at }
            });
        admission.answers.push(answer);
    }
    changed.sort_unstable();
    changed.dedup();
    admission.reservations = changed
        .into_iter()
        .map(|(scope, key)| {
            let holder = state.holders.remove(&(scope.clone(), key.clone()));
            ReservationChange { scope, key, holder }
        })
        .collect();
    admission
}

/// One transaction being tried: what it would change, laid over the state it found.
struct Attempt<'a, 's> {
    state: &'s Snapshot,
    changes: Changes<'a>,
}

/// What one transaction changes.
#[derive(Default)]
struct Changes<'a> {
    head: u64,
    rows: Vec<Row<'a>>,
    ids: HashSet<EventId>,
    streams: HashMap<String, (Version, Hash)>,
    holders: HashMap<(String, String), Option<StreamId>>,
    versions: Vec<Version>,
}

impl<'a, 's> Attempt<'a, 's> {
    fn new(state: &'s Snapshot) -> Self {
        Self { state, changes: Changes { head: state.head, ..Changes::default() } }
    }

    fn run(mut self, transaction: &'a Prepared) -> Result<Changes<'a>, AppendError> {
        check_size(transaction)?;
        // Duplicates first: a repeated append also conflicts, and "it is in the log" is the more useful answer.
        for event in transaction.streams.iter().flat_map(|append| &append.events) {
            if self.state.known.contains(&event.id) || !self.changes.ids.insert(event.id) {
                return Err(AppendError::Duplicate);
            }
        }
        for append in &transaction.streams {
            self.check_partition(append, transaction.recorded_at)?;
            self.append(append, transaction)?;
        }
        self.reserve(&transaction.streams)?;
        Ok(self.changes)
    }

    fn check_partition(&self, append: &PreparedStream, now: Timestamp) -> Result<(), AppendError> {
        let Some(partition) = append.stream.partition() else { return Ok(()) };
        let closed = self.state.closed.contains(&(append.stream.category().to_owned(), partition));
        if closed || partition.closes_at() <= now {
            return Err(AppendError::PartitionClosed { stream: append.stream.clone() });
        }
        Ok(())
    }

    fn append(&mut self, append: &'a PreparedStream, transaction: &'a Prepared) -> Result<(), AppendError> {
        let text = append.stream.to_string();
        let found = self.changes.streams.get(&text).or_else(|| self.state.streams.get(&text));
        let (mut version, mut hash) = found.copied().unwrap_or((Version::EMPTY, ORIGIN));
        if version != append.expected {
            let (stream, expected) = (append.stream.clone(), append.expected);
            return Err(AppendError::Conflict { stream, expected, actual: version });
        }
        for event in &append.events {
            version = version.plus(1);
            self.changes.head += 1;
            let link = Link {
                position: self.changes.head,
                id: event.id,
                stream: &append.stream,
                version,
                name: event.name,
                revision: event.revision,
                recorded_at: transaction.recorded_at,
                metadata: &transaction.metadata,
                data: &event.data,
                personal: event.personal.as_ref(),
            };
            hash = link.hash(&hash);
            self.changes.rows.push(Row {
                position: self.changes.head,
                stream: &append.stream,
                version,
                recorded_at: transaction.recorded_at,
                metadata: &transaction.metadata,
                event,
                hash,
            });
        }
        self.changes.streams.insert(text, (version, hash));
        self.changes.versions.push(version);
        Ok(())
    }

    /// Names are given up before any is taken, so that two streams can swap theirs in one transaction; of several
    /// changes of one stream to one name the last counts.
    fn reserve(&mut self, streams: &[PreparedStream]) -> Result<(), AppendError> {
        for append in streams {
            for (last, (scope, key)) in last_changes(&append.reservations) {
                if matches!(last, Reservation::Release { .. }) && self.holder(scope, key) == Some(&append.stream) {
                    self.changes.holders.insert((scope.to_owned(), key.to_owned()), None);
                }
            }
        }
        for append in streams {
            for (last, (scope, key)) in last_changes(&append.reservations) {
                if matches!(last, Reservation::Release { .. }) {
                    continue;
                }
                match self.holder(scope, key) {
                    Some(holder) if *holder == append.stream => {}
                    Some(holder) => return Err(AppendError::Reserved { scope, holder: holder.clone() }),
                    None => {
                        self.changes.holders.insert((scope.to_owned(), key.to_owned()), Some(append.stream.clone()));
                    }
                }
            }
        }
        Ok(())
    }

    fn holder(&self, scope: &str, key: &str) -> Option<&StreamId> {
        let name = (scope.to_owned(), key.to_owned());
        self.changes.holders.get(&name).map_or_else(|| self.state.holders.get(&name), Option::as_ref)
    }
}

type Name<'a> = (&'static str, &'a str);

fn name_of(reservation: &Reservation) -> Name<'_> {
    match reservation {
        Reservation::Take { scope, key } | Reservation::Release { scope, key } => (*scope, key.as_str()),
    }
}

/// The last change to each name.
fn last_changes(reservations: &[Reservation]) -> impl Iterator<Item = (&Reservation, Name<'_>)> {
    let named = reservations.iter().map(|change| (change, name_of(change)));
    named.enumerate().filter_map(|(index, (change, name))| {
        let overtaken = reservations.iter().skip(index + 1).any(|later| name_of(later) == name);
        (!overtaken).then_some((change, name))
    })
}

/// Whether a transaction is within the limits.
///
/// # Errors
/// [`AppendError::TooLarge`].
pub fn check_size(transaction: &Prepared) -> Result<(), AppendError> {
    let within = |size: usize, limit: usize, what: &'static str| {
        if size > limit { Err(AppendError::TooLarge { what, limit }) } else { Ok(()) }
    };
    let metadata = &transaction.metadata;
    for text in [Some(&metadata.actor), metadata.correlation_id.as_ref(), metadata.traceparent.as_ref()] {
        within(text.map_or(0, String::len), limit::METADATA_BYTES_MAX, "bytes of metadata")?;
    }
    let (mut events, mut bytes) = (0_usize, 0_usize);
    for append in &transaction.streams {
        for (_, key) in append.reservations.iter().map(name_of) {
            within(key.len(), limit::RESERVATION_BYTES_MAX, "bytes of a unique name")?;
        }
        for event in &append.events {
            let size = event.size_bytes();
            within(size, limit::EVENT_BYTES_MAX, "bytes in one event")?;
            (events, bytes) = (events + 1, bytes + size);
        }
    }
    within(events, limit::TRANSACTION_EVENTS_MAX, "events in one transaction")?;
    within(bytes, limit::TRANSACTION_BYTES_MAX, "bytes in one transaction")
}
