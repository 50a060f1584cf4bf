//! The table of sealed keys.

use vestibule_kernel::{Clock as _, IdSource as _, SystemClock, SystemIds};
use vestibule_storage::{KeyId, KeyTable, SealedKey};

use crate::fixture::Stores;

fn key(owner: &str, generation: u32) -> SealedKey {
    SealedKey {
        id: KeyId(SystemIds.uuid_v4()),
        purpose: "contract".to_owned(),
        owner: owner.to_owned(),
        generation,
        created_at: SystemClock.now(),
        sealed: vec![0, 1, 254, 255],
    }
}

/// Of two processes that make the same generation, one does; keys are listed newest first.
pub async fn a_generation_is_made_once(store: impl Stores) {
    let (first, second, other) = (key("a", 1), key("a", 2), key("b", 1));
    for key in [&first, &second, &other] {
        assert!(store.insert(key).await.unwrap());
    }
    assert!(!store.insert(&key("a", 2)).await.unwrap());
    let listed = KeyTable::list(&store, "contract", "a").await.unwrap();
    assert!(listed == [second, first], "newest first, every field as it was");
    assert!(KeyTable::list(&store, "another", "a").await.unwrap().is_empty());
}

/// Destroyed once, and gone.
pub async fn a_destroyed_key_is_gone(store: impl Stores) {
    let (doomed, kept) = (key("a", 1), key("a", 2));
    store.insert(&doomed).await.unwrap();
    store.insert(&kept).await.unwrap();
    assert!(store.destroy(doomed.id).await.unwrap());
    assert!(!store.destroy(doomed.id).await.unwrap());
    assert!(KeyTable::list(&store, "contract", "a").await.unwrap() == [kept]);
}
