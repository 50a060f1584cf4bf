//! Appending, and reading back.

use std::sync::Arc;

use vestibule_eventlog::{AppendError, Link, Metadata, ORIGIN, Prepared, StoredPersonal, StreamId, Version, limit};
use vestibule_kernel::{Clock as _, IdSource as _, OrganizationId, PersonId, SystemClock, SystemIds};

use crate::fixture::{Stores, append_of, commit, event_id, everything, prepared, simple, stream};

/// Every field comes back as it was given.
pub async fn reads_back_what_was_appended(store: impl Stores) {
    let organization = OrganizationId::from_uuid(SystemIds.uuid_v4());
    let month = vestibule_eventlog::Partition::of(SystemClock.now());
    let stream = StreamId::new("assertion", Some(organization), Some(month), "a.b-c_D").unwrap();
    let mut append = append_of(&stream, 0, 2);
    append.events[1].revision = 7;
    append.events[1].personal =
        Some(StoredPersonal { person: PersonId::from_uuid(SystemIds.uuid_v4()), ciphertext: vec![0, 255, 39, 34, 92] });
    let metadata = Metadata {
        actor: "operator".to_owned(),
        correlation_id: Some("request \"1\"".to_owned()),
        causation_id: Some(event_id()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
    };
    let transaction = Prepared { metadata: Arc::new(metadata.clone()), ..prepared(vec![append.clone()]) };
    let recorded_at = transaction.recorded_at;
    let appended = commit(&store, transaction).await.unwrap();
    assert_eq!(appended.versions, [Version(2)]);
    assert_eq!(appended.cursor, store.head().await.unwrap());
    assert_eq!(appended.recorded_at, recorded_at);

    let read = store.read_stream(&stream, Version::EMPTY, 10).await.unwrap();
    assert_eq!(read, everything(&store).await);
    for (index, (read, given)) in read.iter().zip(&append.events).enumerate() {
        assert_eq!(read.id, given.id);
        assert_eq!(read.stream, stream);
        assert_eq!(read.version, Version(index as u64 + 1));
        assert_eq!(read.cursor.position(), index as u64 + 1);
        assert_eq!((read.name.as_str(), read.revision), (given.name, given.revision));
        assert_eq!(read.recorded_at, recorded_at);
        assert_eq!(read.metadata, metadata);
        assert_eq!(read.data, given.data);
        assert_eq!(read.personal, given.personal);
    }
    assert_eq!(read.len(), 2);
}

/// Versions count up in each stream, positions in the whole log, neither with a hole, also after refusals.
pub async fn versions_and_positions_are_dense(store: impl Stores) {
    let (one, two) = (stream("one"), stream("two"));
    commit(&store, simple(&one, 0, 3)).await.unwrap();
    commit(&store, simple(&two, 0, 1)).await.unwrap();
    commit(&store, simple(&two, 0, 1)).await.unwrap_err();
    commit(&store, simple(&one, 3, 2)).await.unwrap();
    let events = everything(&store).await;
    let positions: Vec<u64> = events.iter().map(|event| event.cursor.position()).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6]);
    let versions: Vec<u64> = events.iter().filter(|event| event.stream == one).map(|event| event.version.0).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
}

/// Behind the head, before it, and on a stream that does not exist.
pub async fn an_append_at_another_version_is_refused(store: impl Stores) {
    let one = stream("one");
    commit(&store, simple(&one, 0, 2)).await.unwrap();
    for (stream, expected, actual) in [(&one, 0, 2), (&one, 1, 2), (&one, 3, 2), (&stream("none"), 1, 0)] {
        match commit(&store, simple(stream, expected, 1)).await {
            Err(AppendError::Conflict { stream: of, expected: told, actual: found }) => {
                assert_eq!((&of, told.0, found.0), (stream, expected, actual));
            }
            other => panic!("not a conflict: {other:?}"),
        }
    }
    assert_eq!(everything(&store).await.len(), 2);
}

/// A conflict on one stream keeps the others out too.
pub async fn several_streams_are_appended_together_or_not_at_all(store: impl Stores) {
    let (one, two, three) = (stream("one"), stream("two"), stream("three"));
    let both = prepared(vec![append_of(&one, 0, 2), append_of(&two, 0, 1)]);
    let appended = commit(&store, both).await.unwrap();
    assert_eq!(appended.versions, [Version(2), Version(1)]);
    assert_eq!(appended.cursor.position(), 3);
    let half = prepared(vec![append_of(&three, 0, 1), append_of(&two, 0, 1)]);
    assert!(matches!(commit(&store, half).await, Err(AppendError::Conflict { stream, .. }) if stream == two));
    assert!(store.read_stream(&three, Version::EMPTY, 10).await.unwrap().is_empty());
    assert_eq!(store.head().await.unwrap().position(), 3);
}

/// A stream to which nothing is added may still be what a decision was based on.
pub async fn an_unchanged_stream_is_held_to_its_version(store: impl Stores) {
    let (one, two, three) = (stream("one"), stream("two"), stream("three"));
    commit(&store, simple(&one, 0, 2)).await.unwrap();
    let held = |expected, added: &StreamId| prepared(vec![append_of(&one, expected, 0), append_of(added, 0, 1)]);
    let appended = commit(&store, held(2, &two)).await.unwrap();
    assert_eq!(appended.versions, [Version(2), Version(1)]);
    assert_eq!(appended.cursor.position(), 3);
    for stale in [1, 3, 0] {
        let refused = commit(&store, held(stale, &three)).await;
        assert!(matches!(refused, Err(AppendError::Conflict { stream, .. }) if stream == one), "{stale}");
    }
    // Also by a neighbour in the same group, and also of a stream that does not exist yet.
    let none = prepared(vec![append_of(&three, 0, 0), append_of(&two, 1, 1)]);
    let group = [simple(&one, 2, 1), held(2, &three), none.clone(), simple(&three, 0, 1), none];
    let answers = store.commit(&group).await.unwrap();
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, true, false]);
    let alone = commit(&store, simple(&one, 3, 0)).await.unwrap();
    assert_eq!((alone.versions, alone.cursor), (vec![Version(3)], store.head().await.unwrap()));
    assert_eq!(everything(&store).await.len(), 6);
}

/// A second event with the same id is refused, in a later transaction and in the same one.
pub async fn an_event_id_is_stored_once(store: impl Stores) {
    let (one, two) = (stream("one"), stream("two"));
    let first = simple(&one, 0, 1);
    commit(&store, first.clone()).await.unwrap();
    // The same append again also conflicts; that it is in the log already is the better answer.
    assert!(matches!(commit(&store, first.clone()).await, Err(AppendError::Duplicate)));
    let mut other = append_of(&two, 0, 2);
    other.events[1].id = first.streams[0].events[0].id;
    assert!(matches!(commit(&store, prepared(vec![other.clone()])).await, Err(AppendError::Duplicate)));
    other.events[1].id = other.events[0].id;
    assert!(matches!(commit(&store, prepared(vec![other])).await, Err(AppendError::Duplicate)));
    assert_eq!(everything(&store).await.len(), 1);
}

/// Each limit, just crossed.
pub async fn what_is_too_large_is_refused(store: impl Stores) {
    let one = stream("one");
    let mut large = append_of(&one, 0, 1);
    large.events[0].data = format!("\"{}\"", "x".repeat(limit::EVENT_BYTES_MAX));
    let many = append_of(&one, 0, limit::TRANSACTION_EVENTS_MAX as u64 + 1);
    let mut heavy = append_of(&one, 0, (limit::TRANSACTION_BYTES_MAX / limit::EVENT_BYTES_MAX) as u64 + 1);
    for event in &mut heavy.events {
        event.data = format!("\"{}\"", "x".repeat(limit::EVENT_BYTES_MAX - 2));
    }
    for append in [large, many, heavy] {
        let refused = commit(&store, prepared(vec![append])).await;
        assert!(matches!(refused, Err(AppendError::TooLarge { .. })), "{refused:?}");
    }
    let mut wordy = simple(&one, 0, 1);
    wordy.metadata = Arc::new(Metadata { actor: "x".repeat(limit::METADATA_BYTES_MAX + 1), ..Metadata::default() });
    assert!(matches!(commit(&store, wordy).await, Err(AppendError::TooLarge { .. })));
    let mut largest = append_of(&one, 0, 1);
    largest.events[0].data = format!("\"{}\"", "x".repeat(limit::EVENT_BYTES_MAX - 2));
    commit(&store, prepared(vec![largest])).await.unwrap();
}

/// What is stored is what was hashed, and each event is chained to the one before it in its stream.
pub async fn the_hash_chain_covers_every_field(store: impl Stores) {
    let (one, two) = (stream("one"), stream("two"));
    commit(&store, prepared(vec![append_of(&one, 0, 2), append_of(&two, 0, 1)])).await.unwrap();
    commit(&store, simple(&one, 2, 1)).await.unwrap();
    let chain = store.read_stream(&one, Version::EMPTY, 10).await.unwrap();
    let mut previous = ORIGIN;
    for event in &chain {
        assert_eq!(event.hash, Link::from(event).hash(&previous));
        previous = event.hash;
    }
    assert_eq!(chain.len(), 3);
    let event = &chain[0];
    let mut moved = event.clone();
    moved.cursor = chain[1].cursor;
    let mut renamed = event.clone();
    renamed.name.push('x');
    let mut redone = event.clone();
    redone.metadata.actor.push('x');
    let mut told = event.clone();
    told.metadata.correlation_id = Some(String::new());
    let mut shifted = event.clone();
    shifted.data.push(' ');
    let mut later = event.clone();
    later.recorded_at = later.recorded_at.plus(std::time::Duration::from_millis(1));
    for changed in [moved, renamed, redone, told, shifted, later] {
        assert_ne!(Link::from(&changed).hash(&ORIGIN), event.hash);
    }
}
