//! Records that expire.

use std::time::Duration;

use vestibule_kernel::{Clock as _, SystemClock, Timestamp};
use vestibule_storage::{Bucket, ExpiringRecord, ExpiringRecords, StorageError};

use crate::fixture::Stores;

const BUCKET: Bucket = Bucket("contract");

fn record(key: u8, expires_at: Timestamp) -> ExpiringRecord {
    ExpiringRecord { bucket: BUCKET, key: [key; 32], value: vec![key, 0, 255], expires_at }
}

/// The first one to store it does, and of many that remove it one is told so.
pub async fn a_record_is_stored_once_and_removed_once(store: impl Stores) {
    let now = SystemClock.now();
    let first = record(1, now.plus(Duration::from_mins(1)));
    assert!(store.put(&first).await.unwrap());
    assert!(!store.put(&ExpiringRecord { value: vec![9], ..first.clone() }).await.unwrap());
    let found = ExpiringRecords::get(&store, BUCKET, &[1; 32], now).await.unwrap();
    assert!(found.as_ref() == Some(&first));
    assert!(ExpiringRecords::get(&store, Bucket("other"), &[1; 32], now).await.unwrap().is_none());
    let removers: Vec<_> = (0..6)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { ExpiringRecords::remove(&store, BUCKET, &[1; 32]).await.unwrap() })
        })
        .collect();
    let mut told = 0;
    for remover in removers {
        told += usize::from(remover.await.unwrap());
    }
    assert_eq!(told, 1);
    assert!(ExpiringRecords::get(&store, BUCKET, &[1; 32], now).await.unwrap().is_none());
}

/// From the moment of expiry on; sweeping deletes it, as many as asked for.
pub async fn an_expired_record_is_not_found(store: impl Stores) {
    let now = SystemClock.now();
    let later = now.plus(Duration::from_millis(1));
    for key in 1..=5 {
        assert!(store.put(&record(key, later)).await.unwrap());
    }
    assert!(store.put(&record(6, later.plus(Duration::from_millis(1)))).await.unwrap());
    assert!(ExpiringRecords::get(&store, BUCKET, &[1; 32], now).await.unwrap().is_some());
    assert!(ExpiringRecords::get(&store, BUCKET, &[1; 32], later).await.unwrap().is_none());
    assert_eq!(ExpiringRecords::sweep(&store, now, 10).await.unwrap(), 0);
    assert_eq!(ExpiringRecords::sweep(&store, later, 3).await.unwrap(), 3);
    assert_eq!(ExpiringRecords::sweep(&store, later, 10).await.unwrap(), 2);
    assert!(ExpiringRecords::get(&store, BUCKET, &[6; 32], now).await.unwrap().is_some());
}

/// The limit, and one byte more.
pub async fn an_oversized_record_is_refused(store: impl Stores) {
    let expires_at = SystemClock.now().plus(Duration::from_mins(1));
    let largest = ExpiringRecord { value: vec![7; ExpiringRecord::VALUE_BYTES_MAX], ..record(1, expires_at) };
    assert!(store.put(&largest).await.unwrap());
    let larger = ExpiringRecord { value: vec![7; ExpiringRecord::VALUE_BYTES_MAX + 1], ..record(2, expires_at) };
    assert!(matches!(store.put(&larger).await, Err(StorageError::TooLarge { .. })));
}
