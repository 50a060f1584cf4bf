//! The table of sealed keys.

use vestibule_kernel::{Clock as _, IdSource as _, SystemClock, SystemIds, Timestamp};
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

/// Only keys that enough newer ones of the same owner have followed, for long enough, and not more than asked for.
pub async fn keys_that_others_have_followed_are_found(store: impl Stores) {
    let at = Timestamp::from_unix_seconds;
    let made = |owner: &str, generation: u32| SealedKey {
        created_at: at(100 * i64::from(generation)),
        ..key(owner, generation)
    };
    let of_a: Vec<_> = (1..=4).map(|generation| made("a", generation)).collect();
    let of_b: Vec<_> = (1..=3).map(|generation| made("b", generation)).collect();
    let of_c: Vec<_> = (1..=2).map(|generation| made("c", generation)).collect();
    let elsewhere: Vec<_> =
        (1..=4).map(|generation| SealedKey { purpose: "other".to_owned(), ..made("a", generation) }).collect();
    for key in of_a.iter().chain(&of_b).chain(&of_c).chain(&elsewhere) {
        assert!(store.insert(key).await.unwrap());
    }
    let followed = async |newer: u32, before: i64, max: u32| {
        store.list_followed("contract", newer, at(before), max).await.unwrap()
    };
    assert!(followed(2, 1_000, 10).await == [of_a[0].clone(), of_a[1].clone(), of_b[0].clone()]);
    assert!(followed(2, 1_000, 1).await == [of_a[0].clone()], "no more than asked for");
    assert!(followed(2, 399, 10).await == [of_a[0].clone(), of_b[0].clone()], "the fourth key is too young to count");
    assert!(followed(2, 299, 10).await.is_empty());
    assert!(followed(4, 1_000, 10).await.is_empty());
    for key in followed(2, 1_000, 10).await {
        assert!(store.destroy(key.id).await.unwrap());
    }
    assert!(KeyTable::list(&store, "contract", "a").await.unwrap() == [of_a[3].clone(), of_a[2].clone()]);
    assert!(KeyTable::list(&store, "contract", "c").await.unwrap().len() == 2);
    assert!(KeyTable::list(&store, "other", "a").await.unwrap().len() == 4);
    assert!(followed(2, 1_000, 10).await.is_empty());
}
