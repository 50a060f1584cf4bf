//! What holds of admission, names and cursors whatever goes in. How stores behave is in `vestibule-eventlog-contract`.

#![expect(clippy::expect_used, reason = "tests and their helpers fail by panicking")]

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use proptest::prelude::*;
use uuid::Uuid;
use vestibule_decider::Reservation;
use vestibule_eventlog::{
    Cursor, Hash, Metadata, Partition, Prepared, PreparedEvent, PreparedStream, StreamId, Version,
    admission::{Question, Snapshot, admit},
};
use vestibule_kernel::{EventId, OrganizationId, Timestamp};

/// A store in memory, as simple as it can be: what admission says is done.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    rows: Vec<(u64, String, Version, EventId, Hash)>,
    holders: HashMap<(String, String), StreamId>,
}

impl Model {
    fn snapshot(&self, question: &Question) -> Snapshot {
        let asked: HashSet<&String> = question.streams.iter().collect();
        let streams = self.rows.iter().filter(|row| asked.contains(&row.1));
        Snapshot {
            epoch: 1,
            head: self.rows.len() as u64,
            streams: streams.map(|row| (row.1.clone(), (row.2, row.4))).collect(),
            holders: question
                .reservations
                .iter()
                .map(|(scope, key)| ((*scope).to_owned(), key.clone()))
                .filter_map(|name| Some((name.clone(), self.holders.get(&name)?.clone())))
                .collect(),
            known: self.rows.iter().map(|row| row.3).filter(|id| question.ids.contains(id)).collect(),
            closed: HashSet::new(),
        }
    }

    /// Commits a group; answers what each transaction was told.
    fn commit(&mut self, group: &[Prepared]) -> Vec<String> {
        let admission = admit(group, self.snapshot(&Question::of(group)));
        for row in &admission.rows {
            self.rows.push((row.position, row.stream.to_string(), row.version, row.event.id, row.hash));
        }
        for change in admission.reservations {
            let name = (change.scope, change.key);
            match change.holder {
                Some(holder) => self.holders.insert(name, holder),
                None => self.holders.remove(&name),
            };
        }
        admission.answers.iter().map(|answer| format!("{answer:?}")).collect()
    }
}

fn reservation() -> impl Strategy<Value = Reservation> {
    (any::<bool>(), "[xyz]").prop_map(|(take, key)| {
        if take { Reservation::Take { scope: "name", key } } else { Reservation::Release { scope: "name", key } }
    })
}

fn append() -> impl Strategy<Value = PreparedStream> {
    // Few streams, versions and ids, so that conflicts, duplicates and successes all happen.
    let ids = prop::collection::vec(0_u128..60, 1..3);
    ("[abc]", 0_u64..5, ids, prop::collection::vec(reservation(), 0..3)).prop_map(
        |(key, expected, ids, reservations)| {
            let event = |id| PreparedEvent {
                id: EventId::from_uuid(Uuid::from_u128(id)),
                name: "thing.happened",
                revision: 1,
                data: "{}".to_owned(),
                personal: None,
            };
            PreparedStream {
                stream: StreamId::new("thing", None, None, key).expect("a stream"),
                expected: Version(expected),
                events: ids.into_iter().map(event).collect(),
                reservations,
            }
        },
    )
}

fn transaction() -> impl Strategy<Value = Prepared> {
    prop::collection::vec(append(), 0..3).prop_map(|streams| Prepared {
        recorded_at: Timestamp::from_unix_seconds(1_700_000_000),
        metadata: Arc::new(Metadata::default()),
        streams,
    })
}

proptest! {
    /// How transactions are grouped changes neither what is stored nor what anybody is told.
    #[test]
    fn grouping_changes_nothing(transactions in prop::collection::vec(transaction(), 1..24), size in 2_usize..12) {
        let (mut singly, mut grouped) = (Model::default(), Model::default());
        let mut told_singly = Vec::new();
        for transaction in &transactions {
            told_singly.extend(singly.commit(std::slice::from_ref(transaction)));
        }
        let told_grouped: Vec<String> = transactions.chunks(size).flat_map(|group| grouped.commit(group)).collect();
        prop_assert_eq!(told_singly, told_grouped);
        prop_assert_eq!(&singly, &grouped);
    }

    /// Versions and positions are dense, ids are stored once, a name is held by a stream that has events.
    #[test]
    fn what_is_stored_is_consistent(groups in prop::collection::vec(prop::collection::vec(transaction(), 0..6), 0..8)) {
        let mut model = Model::default();
        for group in &groups {
            prop_assert_eq!(model.commit(group).len(), group.len());
        }
        let (mut versions, mut ids): (HashMap<&String, u64>, _) = (HashMap::new(), HashSet::new());
        for (index, (position, stream, version, id, _)) in model.rows.iter().enumerate() {
            prop_assert_eq!(*position, index as u64 + 1);
            let last = versions.entry(stream).or_default();
            *last += 1;
            prop_assert_eq!(version.0, *last);
            prop_assert!(ids.insert(id));
        }
        for holder in model.holders.values() {
            prop_assert!(versions.contains_key(&holder.to_string()));
        }
    }

    /// A stream's name is read back from its text, and nothing else has the same text.
    #[test]
    fn a_stream_is_its_text(
        category in "[a-z_.]{1,40}",
        organization in any::<Option<u128>>(),
        seconds in any::<Option<u32>>(),
        key in "[A-Za-z0-9._-]{1,100}",
    ) {
        let organization = organization.map(|id| OrganizationId::from_uuid(Uuid::from_u128(id)));
        let month = seconds.map(|seconds| Partition::of(Timestamp::from_unix_seconds(i64::from(seconds))));
        let stream = StreamId::new(category, organization, month, key).expect("a stream");
        let text = stream.to_string();
        prop_assert!(text.len() <= StreamId::TEXT_BYTES_MAX);
        prop_assert_eq!(text.parse::<StreamId>(), Ok(stream));
    }

    /// Texts that are no streams and no cursors are refused, and whatever is accepted is canonical.
    #[test]
    fn what_is_read_is_canonical(text in "[a-f0-9A-F/.+-]{0,60}") {
        if let Ok(stream) = text.parse::<StreamId>() {
            prop_assert_eq!(stream.to_string(), text.clone());
        }
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string(), text);
        }
    }

    /// A month closes a day after its end, and takes appends in all of it.
    #[test]
    fn a_partition_is_open_in_its_month(seconds in 0_u32..) {
        let moment = Timestamp::from_unix_seconds(i64::from(seconds));
        let closes_at = Partition::of(moment).closes_at();
        prop_assert!(closes_at > moment.plus(Partition::GRACE));
        prop_assert_ne!(Partition::of(closes_at), Partition::of(moment));
        prop_assert_eq!(Partition::of(closes_at.minus(Partition::GRACE)).closes_at() > closes_at, true);
    }
}
