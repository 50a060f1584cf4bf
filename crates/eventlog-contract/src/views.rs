//! Views kept in the store.

use serde_json::json;
use vestibule_eventlog::{Cursor, ViewWrite, Views};
use vestibule_kernel::{IdSource as _, OrganizationId, SystemIds};

use crate::fixture::Stores;

const VIEW: &str = "contract.things.v1";

fn put(organization: Option<OrganizationId>, key: &str, number: u64) -> ViewWrite {
    ViewWrite { organization, key: key.to_owned(), entry: Some(json!({ "number": number, "text": "ä'\"\\" })) }
}

fn remove(organization: Option<OrganizationId>, key: &str) -> ViewWrite {
    ViewWrite { organization, key: key.to_owned(), entry: None }
}

/// Entries are put, changed and removed with the checkpoint; the last write to an entry counts.
pub async fn a_view_and_its_checkpoint_move_together(store: impl Stores) {
    let ours = Some(OrganizationId::from_uuid(SystemIds.uuid_v4()));
    let at = |position| Cursor::at(store.epoch(), position);
    assert_eq!(store.checkpoint(VIEW).await.unwrap(), None);
    let writes = [put(ours, "a", 1), put(None, "a", 2), put(ours, "b", 3), remove(ours, "b"), put(ours, "a", 4)];
    assert!(store.advance(VIEW, None, at(5), &writes).await.unwrap());
    assert_eq!(store.checkpoint(VIEW).await.unwrap(), Some(at(5)));
    assert_eq!(Views::get(&store, VIEW, ours, "a").await.unwrap(), put(ours, "a", 4).entry);
    assert_eq!(Views::get(&store, VIEW, None, "a").await.unwrap(), put(None, "a", 2).entry);
    assert_eq!(Views::get(&store, VIEW, ours, "b").await.unwrap(), None);
    assert_eq!(Views::get(&store, "another.view.v1", ours, "a").await.unwrap(), None);
    assert!(store.advance(VIEW, Some(at(5)), at(6), &[remove(ours, "a"), put(ours, "c", 7)]).await.unwrap());
    assert_eq!(Views::get(&store, VIEW, ours, "a").await.unwrap(), None);
    assert_eq!(Views::get(&store, VIEW, ours, "c").await.unwrap(), put(ours, "c", 7).entry);
    assert!(store.advance(VIEW, Some(at(6)), at(9), &[]).await.unwrap());
    assert_eq!(store.checkpoint(VIEW).await.unwrap(), Some(at(9)));
}

/// Whoever comes second stores nothing.
pub async fn only_one_process_advances_a_view(store: impl Stores) {
    let at = |position| Cursor::at(store.epoch(), position);
    let racers: Vec<_> = (0..6_u64)
        .map(|racer| {
            let (store, to) = (store.clone(), at(racer + 1));
            tokio::spawn(async move { store.advance(VIEW, None, to, &[put(None, "winner", racer)]).await.unwrap() })
        })
        .collect();
    let mut winner = None;
    for (racer, outcome) in (0..).zip(racers) {
        if outcome.await.unwrap() {
            assert_eq!(winner.replace(racer), None, "two won");
        }
    }
    let winner: u64 = winner.expect("one won");
    assert_eq!(store.checkpoint(VIEW).await.unwrap(), Some(at(winner + 1)));
    assert_eq!(Views::get(&store, VIEW, None, "winner").await.unwrap(), put(None, "winner", winner).entry);
    assert!(!store.advance(VIEW, None, at(10), &[]).await.unwrap());
    let foreign = Cursor::at(store.epoch() ^ 2, winner + 1);
    assert!(!store.advance(VIEW, Some(foreign), at(10), &[]).await.unwrap());
}

/// By key, byte by byte, within one organization, page by page.
pub async fn entries_are_listed_in_order(store: impl Stores) {
    let ours = Some(OrganizationId::from_uuid(SystemIds.uuid_v4()));
    let writes: Vec<ViewWrite> =
        ["b", "B", "a", "ä", "a-", "_", "z"].iter().map(|key| put(ours, key, 1)).chain([put(None, "aa", 1)]).collect();
    assert!(store.advance(VIEW, None, Cursor::at(store.epoch(), 1), &writes).await.unwrap());
    let keys = async |after: Option<&str>, max| {
        let entries = Views::list(&store, VIEW, ours, after, max).await.unwrap();
        entries.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(keys(None, 10).await, ["B", "_", "a", "a-", "b", "z", "ä"]);
    assert_eq!(keys(None, 2).await, ["B", "_"]);
    assert_eq!(keys(Some("_"), 2).await, ["a", "a-"]);
    assert_eq!(keys(Some("ä"), 2).await, Vec::<String>::new());
    assert_eq!(Views::list(&store, VIEW, None, None, 10).await.unwrap().len(), 1);
}
