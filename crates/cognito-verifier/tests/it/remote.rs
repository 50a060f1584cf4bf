//! Fetching: one at a time, shared by everybody who waits, and what happens when it goes wrong.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use serde_json::json;
use tokio::sync::Semaphore;
use vestibule_cognito_verifier::{FetchError, FetchKeys, Fetched, RemoteVerifier};

use crate::issuer::{KEYS, access_claims, access_requirements, access_token, after, key_set, pool};

/// Answers as the test says, and counts.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) fetches: Arc<AtomicUsize>,
    fails: Arc<AtomicUsize>,
    /// A fetch goes through for each permit.
    gate: Arc<Semaphore>,
    seconds: Arc<AtomicU64>,
}

impl Published {
    pub(crate) fn open() -> Self {
        let counter = Arc::default;
        Self { fetches: counter(), fails: counter(), gate: Arc::new(Semaphore::new(1_000)), seconds: Arc::default() }
    }

    fn closed() -> Self {
        Self { gate: Arc::new(Semaphore::new(0)), ..Self::open() }
    }

    pub(crate) fn verifier(&self) -> RemoteVerifier {
        let seconds = Arc::clone(&self.seconds);
        let verifier = RemoteVerifier::with_fetcher(self.clone(), move || after(seconds.load(Ordering::SeqCst)));
        verifier.trust(&pool(), &access_requirements());
        verifier
    }

    pub(crate) fn fail(&self, times: usize) {
        self.fails.store(times, Ordering::SeqCst);
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl FetchKeys for Published {
    fn fetch<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
            match self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
                Ok(_) => Err(FetchError::Status(500)),
                Err(_) => Ok(key_set().to_string().into_bytes()),
            }
        })
    }
}

#[tokio::test]
async fn everybody_who_waits_shares_one_fetch() {
    let published = Published::closed();
    let verifier = published.verifier();
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let verifier = verifier.clone();
            tokio::spawn(async move { verifier.verify(&access_token(json!({}))).await })
        })
        .collect();
    while published.fetches() == 0 {
        tokio::task::yield_now().await;
    }
    published.gate.add_permits(1_000);
    for task in waiting {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(published.fetches(), 1);
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_the_fetch_to_the_next() {
    let published = Published::closed();
    let verifier = published.verifier();
    let token = access_token(json!({}));
    let (first, second) = (verifier.clone(), token.clone());
    let given_up = tokio::spawn(async move { first.verify(&second).await });
    while published.fetches() == 0 {
        tokio::task::yield_now().await;
    }
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    published.gate.add_permits(1);
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(published.fetches(), 2);
}

#[tokio::test]
async fn made_up_keys_cause_one_fetch_in_ten_seconds() {
    let published = Published::open();
    let verifier = published.verifier();
    let unknown = KEYS[2].token(&access_claims(json!({})));
    for _ in 0..20 {
        assert_eq!(verifier.verify(&unknown).await.unwrap_err().reason(), "TOKEN_KEY_UNKNOWN");
    }
    assert_eq!(published.fetches(), 1);
    published.seconds.store(10, Ordering::SeqCst);
    assert_eq!(verifier.verify(&unknown).await.unwrap_err().reason(), "TOKEN_KEY_UNKNOWN");
    assert_eq!(published.fetches(), 2);
}

#[tokio::test]
async fn a_failed_fetch_is_tried_again_a_second_later() {
    let published = Published::open();
    published.fail(1);
    let verifier = published.verifier();
    let token = access_token(json!({}));
    for _ in 0..20 {
        assert_eq!(verifier.verify(&token).await.unwrap_err().reason(), "KEYS_UNAVAILABLE");
    }
    assert_eq!(published.fetches(), 1);
    published.seconds.store(1, Ordering::SeqCst);
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(published.fetches(), 2);
}

#[tokio::test]
async fn requirements_of_one_call_replace_those_of_the_pool() {
    let verifier = Published::open().verifier();
    let requirements = access_requirements().any_group_of(["owner"]);
    let refused = verifier.verify_against(&access_token(json!({})), &requirements).await.unwrap_err();
    assert_eq!(refused.reason(), "TOKEN_GROUP_MISSING");
}
