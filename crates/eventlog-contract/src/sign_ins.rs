//! The bounded trace of sign-ins.

use std::time::Duration;

use serde_json::json;
use vestibule_kernel::{Clock as _, ConnectionId, IdSource as _, OrganizationId, SystemClock, SystemIds, Timestamp};
use vestibule_storage::{RecordedSignIn, SignInTrace, SignInTraceFilter, StorageError};

use crate::fixture::Stores;

fn sign_in(connection: Option<ConnectionId>, reason: &str, at: Timestamp) -> RecordedSignIn {
    RecordedSignIn {
        id: SystemIds.uuid_v7(at),
        organization: connection.map(|connection| OrganizationId::from_uuid(connection.uuid())),
        connection,
        reason: reason.to_owned(),
        at,
        expires_at: at.plus(Duration::from_mins(1)),
        document: json!({ "checks": ["ä", null, 1] }),
    }
}

fn connection() -> ConnectionId {
    ConnectionId::from_uuid(SystemIds.uuid_v4())
}

/// With every field; recorded again it is the later word; too large it is refused.
pub async fn a_sign_in_is_found_until_it_expires(store: impl Stores) {
    let now = SystemClock.now();
    let mut recorded = sign_in(Some(connection()), "ACCEPTED", now);
    store.record(&recorded, 10).await.unwrap();
    assert_eq!(SignInTrace::find(&store, recorded.id, now).await.unwrap().as_ref(), Some(&recorded));
    recorded.document = json!({ "checks": [] });
    store.record(&recorded, 10).await.unwrap();
    assert_eq!(SignInTrace::find(&store, recorded.id, now).await.unwrap().as_ref(), Some(&recorded));
    assert_eq!(SignInTrace::find(&store, SystemIds.uuid_v4(), now).await.unwrap(), None);
    assert_eq!(SignInTrace::find(&store, recorded.id, recorded.expires_at).await.unwrap(), None);
    assert_eq!(SignInTrace::sweep(&store, now).await.unwrap(), 0);
    assert_eq!(SignInTrace::sweep(&store, recorded.expires_at).await.unwrap(), 1);
    assert_eq!(SignInTrace::find(&store, recorded.id, now).await.unwrap(), None);
    recorded.document = json!("x".repeat(RecordedSignIn::DOCUMENT_BYTES_MAX));
    assert!(matches!(store.record(&recorded, 10).await, Err(StorageError::TooLarge { .. })));
}

/// Beyond `keep` the oldest of the same connection and reason go, also where the connection is unknown.
pub async fn a_flood_evicts_only_its_own(store: impl Stores) {
    let (flooded, quiet, start) = (Some(connection()), Some(connection()), SystemClock.now());
    store.record(&sign_in(quiet, "SIGNATURE_INVALID", start), 3).await.unwrap();
    store.record(&sign_in(flooded, "ACCEPTED", start), 3).await.unwrap();
    for second in 0..6 {
        let at = start.plus(Duration::from_secs(second));
        store.record(&sign_in(flooded, "SIGNATURE_INVALID", at), 3).await.unwrap();
        store.record(&sign_in(None, "UNKNOWN_CONNECTION", at), 2).await.unwrap();
    }
    let count = async |connection, reason: &str| {
        let filter = SignInTraceFilter { connection, reason: Some(reason.to_owned()), ..SignInTraceFilter::default() };
        SignInTrace::list(&store, &filter, start, 100).await.unwrap().len()
    };
    assert_eq!(count(flooded, "SIGNATURE_INVALID").await, 3);
    assert_eq!(count(flooded, "ACCEPTED").await, 1);
    assert_eq!(count(quiet, "SIGNATURE_INVALID").await, 1);
    assert_eq!(count(None, "UNKNOWN_CONNECTION").await, 2);
    let filter = SignInTraceFilter { connection: flooded, ..SignInTraceFilter::default() };
    let kept = SignInTrace::list(&store, &filter, start, 100).await.unwrap();
    assert_eq!(kept[0].at, start.plus(Duration::from_secs(5)), "the newest are kept");
}

/// By time and id, filtered, page by page, without what has expired.
pub async fn sign_ins_are_listed_newest_first(store: impl Stores) {
    let (ours, theirs, start) = (Some(connection()), Some(connection()), SystemClock.now());
    let mut expected = Vec::new();
    for index in 0..6 {
        // Pairs at the same moment: the id decides.
        let at = start.plus(Duration::from_secs(index / 2));
        let recorded = sign_in(ours, "ACCEPTED", at);
        store.record(&recorded, 100).await.unwrap();
        store.record(&sign_in(theirs, "ACCEPTED", at), 100).await.unwrap();
        expected.push(recorded);
    }
    expected.sort_by_key(|sign_in| std::cmp::Reverse((sign_in.at, sign_in.id)));
    let organization = expected[0].organization;
    let mut filter = SignInTraceFilter { organization, ..SignInTraceFilter::default() };
    let mut listed: Vec<RecordedSignIn> = Vec::new();
    loop {
        let page = SignInTrace::list(&store, &filter, start, 4).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some((last.at, last.id));
        listed.extend(page);
    }
    assert_eq!(listed, expected);
    let all = SignInTraceFilter::default();
    assert_eq!(SignInTrace::list(&store, &all, start, 100).await.unwrap().len(), 12);
    let expired = start.plus(Duration::from_mins(1));
    assert_eq!(SignInTrace::list(&store, &all, expired, 100).await.unwrap().len(), 8);
}
