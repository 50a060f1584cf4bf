use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use tokio::sync::Mutex as AsyncMutex;

use crate::{
    Attempt, FetchKeys, HttpFetcher, KeysError, KeysWanted, Requirements, UserPool, VerifiedToken, Verifier,
    VerifyError,
};

/// A [`Verifier`] that fetches the key sets it needs. Cheap to clone; clones share their keys.
#[derive(Clone)]
pub struct RemoteVerifier(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    fetcher: Box<dyn FetchKeys>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// One lock per key set, held while it is fetched.
    flights: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
}

impl RemoteVerifier {
    /// Fetches over HTTPS; `clock` tells the present, usually `SystemTime::now`.
    #[must_use]
    pub fn new(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self::with_fetcher(HttpFetcher::new(), clock)
    }

    /// Fetches in another way.
    #[must_use]
    pub fn with_fetcher(fetcher: impl FetchKeys, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        let (fetcher, clock) = (Box::new(fetcher), Box::new(clock));
        Self(Arc::new(Inner { verifier: Verifier::new(), fetcher, clock, flights: Mutex::default() }))
    }

    /// See [`Verifier::trust`].
    pub fn trust(&self, pool: &UserPool, requirements: &Requirements) {
        self.0.verifier.trust(pool, requirements);
    }

    /// See [`Verifier::distrust`].
    pub fn distrust(&self, pool: &UserPool) {
        self.0.verifier.distrust(pool);
    }

    /// Verifies a token against the requirements of the pool that issued it.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        self.run(token, None).await
    }

    /// Verifies a token against requirements of its own instead of the pool's.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify_against(&self, token: &str, requirements: &Requirements) -> Result<VerifiedToken, VerifyError> {
        self.run(token, Some(requirements)).await
    }

    async fn run(&self, token: &str, own: Option<&Requirements>) -> Result<VerifiedToken, VerifyError> {
        let wanted = match self.attempt(token, own)? {
            Attempt::Verified(verified) => return Ok(verified),
            Attempt::NeedsKeys(wanted) => wanted,
        };
        let flight = self.flight(wanted.url());
        let _alone = flight.lock().await;
        // Whoever held the lock before may have fetched the key, or found out that there is none.
        if let Attempt::Verified(verified) = self.attempt(token, own)? {
            return Ok(verified);
        }
        self.fetch(&wanted).await?;
        match self.attempt(token, own)? {
            Attempt::Verified(verified) => Ok(verified),
            Attempt::NeedsKeys(_) => Err(VerifyError::KeyUnknown),
        }
    }

    fn attempt(&self, token: &str, own: Option<&Requirements>) -> Result<Attempt, VerifyError> {
        match own {
            Some(requirements) => self.0.verifier.attempt_against(token, requirements, (self.0.clock)()),
            None => self.0.verifier.attempt(token, (self.0.clock)()),
        }
    }

    async fn fetch(&self, wanted: &KeysWanted) -> Result<(), VerifyError> {
        let document = self.0.fetcher.fetch(wanted.url()).await;
        let now = (self.0.clock)();
        let document = document.map_err(KeysError::Fetch).inspect_err(|_| wanted.failed(now));
        let taken_over = document.and_then(|document| wanted.fetched(&document, now).map_err(KeysError::Unreadable));
        taken_over.map_err(VerifyError::KeysUnavailable)
    }

    fn flight(&self, url: &str) -> Arc<AsyncMutex<()>> {
        let mut flights = self.0.flights.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(flights.entry(url.to_owned()).or_default())
    }
}

impl fmt::Debug for RemoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteVerifier").field("verifier", &self.0.verifier).finish_non_exhaustive()
    }
}
