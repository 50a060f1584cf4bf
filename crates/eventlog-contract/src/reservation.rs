//! Names that are unique across streams.

use vestibule_eventlog::{AppendError, PreparedStream};

use crate::fixture::{Stores, append_of, commit, naming, prepared, release, simple, stream, take};

const SCOPE: &str = "thing.name";

/// The second stream that takes a name is refused and told who holds it; the holder may take it again.
pub async fn a_name_has_one_holder(store: impl Stores) {
    let (one, two) = (stream("one"), stream("two"));
    commit(&store, naming(&one, 0, vec![take("x")])).await.unwrap();
    match commit(&store, naming(&two, 0, vec![take("y"), take("x")])).await {
        Err(AppendError::Reserved { scope, holder }) => assert_eq!((scope, &holder), (SCOPE, &one)),
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(store.holder(SCOPE, "y").await.unwrap(), None);
    commit(&store, naming(&one, 1, vec![take("x")])).await.unwrap();
    assert_eq!(store.holder(SCOPE, "x").await.unwrap(), Some(one));
    assert_eq!(store.holder("other.scope", "x").await.unwrap(), None);
}

/// Given up, a name is free; the last change of a stream to a name counts.
pub async fn a_released_name_can_be_taken(store: impl Stores) {
    let (one, two) = (stream("one"), stream("two"));
    commit(&store, naming(&one, 0, vec![take("x")])).await.unwrap();
    commit(&store, naming(&one, 1, vec![release("x")])).await.unwrap();
    assert_eq!(store.holder(SCOPE, "x").await.unwrap(), None);
    commit(&store, naming(&two, 0, vec![take("x"), release("x"), take("x")])).await.unwrap();
    assert_eq!(store.holder(SCOPE, "x").await.unwrap(), Some(two));
    commit(&store, naming(&one, 2, vec![take("z"), release("z")])).await.unwrap();
    assert_eq!(store.holder(SCOPE, "z").await.unwrap(), None);
}

/// Both give up and take in one transaction, whatever the order.
pub async fn two_streams_swap_their_names_in_one_transaction(store: impl Stores) {
    let (one, two) = (stream("one"), stream("two"));
    commit(&store, naming(&one, 0, vec![take("x")])).await.unwrap();
    commit(&store, naming(&two, 0, vec![take("y")])).await.unwrap();
    let swap = prepared(vec![
        PreparedStream { reservations: vec![release("x"), take("y")], ..append_of(&one, 1, 1) },
        PreparedStream { reservations: vec![release("y"), take("x")], ..append_of(&two, 1, 1) },
    ]);
    commit(&store, swap).await.unwrap();
    assert_eq!(store.holder(SCOPE, "x").await.unwrap(), Some(two));
    assert_eq!(store.holder(SCOPE, "y").await.unwrap(), Some(one));
}

/// What another stream holds is not released, and nothing is refused.
pub async fn only_the_holder_releases(store: impl Stores) {
    let (one, two) = (stream("one"), stream("two"));
    commit(&store, naming(&one, 0, vec![take("x")])).await.unwrap();
    commit(&store, naming(&two, 0, vec![release("x"), release("never taken")])).await.unwrap();
    assert_eq!(store.holder(SCOPE, "x").await.unwrap(), Some(one));
}

/// A name in a transaction that conflicts stays free, also for its neighbour in the group.
pub async fn a_refused_append_takes_no_name(store: impl Stores) {
    let (one, two) = (stream("one"), stream("two"));
    let group = [naming(&one, 5, vec![take("x")]), naming(&two, 0, vec![take("x")]), simple(&one, 0, 1)];
    let answers = store.commit(&group).await.unwrap();
    assert!(matches!(answers[0], Err(AppendError::Conflict { .. })));
    assert!(answers[1].is_ok() && answers[2].is_ok());
    assert_eq!(store.holder(SCOPE, "x").await.unwrap(), Some(two));
}
