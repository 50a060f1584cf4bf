//! Records that expire.

use std::{sync::Arc, time::Duration};

use vestibule_kernel::{Clock as _, ConnectionId, IdSource as _, OrganizationId, SystemClock, SystemIds, Timestamp};
use vestibule_storage::{
    Bucket, ExpiringRecord, ExpiringRecords, StorageError, TestOutcome, TestRefusal, TestSignIns, TestTicket,
};

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
    assert!(matches!(store.replace(&larger).await, Err(StorageError::TooLarge { .. })));
}

/// Whoever looks while others replace it finds one of them, whole; the last one stays, until its own time.
pub async fn a_record_is_replaced_at_once(store: impl Stores) {
    let now = SystemClock.now();
    let first = record(1, now.plus(Duration::from_mins(1)));
    // There need not be one before.
    store.replace(&first).await.unwrap();
    let writers: Vec<_> = (2..8)
        .map(|value| {
            let (store, record) = (store.clone(), ExpiringRecord { value: vec![value; 900], ..first.clone() });
            tokio::spawn(async move {
                for _ in 0..20 {
                    store.replace(&record).await.unwrap();
                }
            })
        })
        .collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let found =
            ExpiringRecords::get(&store, BUCKET, &[1; 32], now).await.unwrap().expect("at no moment there is none");
        let is_whole = found.value.windows(2).all(|pair| pair[0] == pair[1]) || found.value == first.value;
        assert!(is_whole, "{:?}", found.value);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let shorter = ExpiringRecord { expires_at: now.plus(Duration::from_millis(1)), ..first };
    store.replace(&shorter).await.unwrap();
    assert!(ExpiringRecords::get(&store, BUCKET, &[1; 32], now).await.unwrap() == Some(shorter.clone()));
    assert!(ExpiringRecords::get(&store, BUCKET, &[1; 32], shorter.expires_at).await.unwrap().is_none());
}

/// Of many attempts with one ticket that end at once one passes, and that is what is told from then on.
pub async fn a_test_that_passed_has_passed_whoever_ends_last(store: impl Stores) {
    let now = SystemClock.now();
    let tests = TestSignIns::new(Arc::new(store));
    for round in 0..8 {
        let ticket = TestTicket {
            id: SystemIds.uuid_v4(),
            organization: OrganizationId::from_uuid(SystemIds.uuid_v4()),
            connection: ConnectionId::from_uuid(SystemIds.uuid_v4()),
            email_required: false,
            expires_at: Timestamp::from_unix_seconds(now.unix_seconds() + 3600),
        };
        tests.begin(&ticket).await.unwrap();
        assert!(tests.find(ticket.id, now).await.unwrap().unwrap().1.is_none());
        let attempts: Vec<_> = (0..8)
            .map(|attempt| {
                let (tests, outcome) = (tests.clone(), outcome(attempt != round, now));
                tokio::spawn(async move { tests.conclude(&ticket, &outcome).await.unwrap() })
            })
            .collect();
        for attempt in attempts {
            attempt.await.unwrap();
        }
        tests.conclude(&ticket, &outcome(true, now)).await.unwrap();
        let (known, told) = tests.find(ticket.id, now).await.unwrap().unwrap();
        assert_eq!((known, told), (ticket, Some(outcome(false, now))), "round {round}");
    }
}

fn outcome(is_refused: bool, at: Timestamp) -> TestOutcome {
    let refusal = || TestRefusal { reason: "SIGNATURE_MISSING".to_owned(), responsible: 1, message: "no".to_owned() };
    TestOutcome { at, refused: is_refused.then(refusal), checks: Vec::new(), claims: Vec::new() }
}
