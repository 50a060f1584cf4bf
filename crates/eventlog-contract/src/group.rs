//! Several transactions in one COMMIT.

use vestibule_eventlog::{AppendError, Version, limit};

use crate::fixture::{Stores, append_of, commit, everything, naming, prepared, simple, stream, take};

/// A conflict, a duplicate, an oversized append and a taken name each fail alone; their neighbours commit.
pub async fn a_refused_append_fails_alone(store: impl Stores) {
    let first = naming(&stream("first"), 0, vec![take("x")]);
    commit(&store, first.clone()).await.unwrap();
    let mut oversized = append_of(&stream("large"), 0, 1);
    oversized.events[0].data = format!("\"{}\"", "x".repeat(limit::EVENT_BYTES_MAX));
    let group = [
        simple(&stream("a"), 0, 1),
        simple(&stream("first"), 0, 1),
        simple(&stream("b"), 0, 2),
        first,
        simple(&stream("c"), 0, 1),
        prepared(vec![oversized]),
        naming(&stream("thief"), 0, vec![take("x")]),
        simple(&stream("d"), 0, 1),
    ];
    let answers = store.commit(&group).await.unwrap();
    assert_eq!(answers.len(), group.len());
    assert!(matches!(answers[1], Err(AppendError::Conflict { .. })));
    assert!(matches!(answers[3], Err(AppendError::Duplicate)));
    assert!(matches!(answers[5], Err(AppendError::TooLarge { .. })));
    assert!(matches!(answers[6], Err(AppendError::Reserved { .. })));
    let positions: Vec<u64> = [0, 2, 4, 7].map(|index| answers[index].as_ref().unwrap().cursor.position()).to_vec();
    assert_eq!(positions, [2, 4, 5, 6]);
    let streams: Vec<String> = everything(&store).await.iter().map(|event| event.stream.key().to_owned()).collect();
    assert_eq!(streams, ["first", "a", "b", "b", "c", "d"]);
}

/// Admission goes through the group in order.
pub async fn an_append_sees_those_before_it_in_the_group(store: impl Stores) {
    let one = stream("one");
    let twice = simple(&one, 2, 1);
    let group = [simple(&one, 0, 2), simple(&one, 0, 1), twice.clone(), twice, simple(&one, 3, 1)];
    let answers = store.commit(&group).await.unwrap();
    assert_eq!(answers[0].as_ref().unwrap().versions, [Version(2)]);
    assert!(matches!(answers[1], Err(AppendError::Conflict { actual: Version(2), .. })));
    assert_eq!(answers[2].as_ref().unwrap().versions, [Version(3)]);
    assert!(matches!(answers[3], Err(AppendError::Duplicate)));
    assert_eq!(answers[4].as_ref().unwrap().versions, [Version(4)]);
    assert_eq!(store.read_stream(&one, Version::EMPTY, 10).await.unwrap().len(), 4);
}

/// Nothing but refusals is no change.
pub async fn a_group_without_admitted_appends_stores_nothing(store: impl Stores) {
    let answers = store.commit(&[simple(&stream("one"), 1, 1), simple(&stream("two"), 9, 1)]).await.unwrap();
    assert!(answers.iter().all(Result::is_err));
    assert!(store.commit(&[]).await.unwrap().is_empty());
    assert_eq!(store.head().await.unwrap().position(), 0);
    commit(&store, simple(&stream("one"), 0, 1)).await.unwrap();
}
