//! Verdicts that take a private key: some milliseconds of computing, which must not hold up what else a thread has to do.

use std::{sync::Arc, thread::available_parallelism};

use tokio::{sync::Semaphore, task::spawn_blocking};
use vestibule_saml::{self as saml, CredentialError, Verdict};

use crate::{
    credential::Credentials,
    error::Error,
    judge::{Asked, Case, verdict},
};

/// How many of them are computed at a time: what is encrypted may come from anybody, so that many more wait at no other
/// cost than their memory.
pub(crate) struct Decryptions(Semaphore);

impl Decryptions {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(available_parallelism().map_or(1, usize::from)))
    }

    /// What the engine says, without keys first: what is not encrypted, or is refused for another reason, costs no more.
    pub(crate) async fn verdict(&self, case: &Case<'_>, credentials: &Credentials) -> Result<Option<Verdict>, Error> {
        let plain = verdict(case.connection, &case.asked(), None);
        let encrypted = plain.as_ref().is_some_and(|said| said.outcome == Err(saml::Refusal::AssertionEncrypted));
        if !encrypted {
            return Ok(plain);
        }
        let Some(keys) = credentials.decryption(case.connection.id).await? else { return Ok(plain) };
        let (connection, asked) = (Arc::clone(case.connection), Owned::of(case));
        // The semaphore is never closed, and a verdict does not panic; the answer to either is that there is none.
        let _turn = self.0.acquire().await.map_err(|_| Error::Credential(CredentialError::Key))?;
        let judged = spawn_blocking(move || verdict(&connection, &asked.borrow(), Some(&keys))).await;
        judged.map_err(|_| Error::Credential(CredentialError::Key))
    }
}

/// What the engine is asked, to be taken along to another thread.
struct Owned {
    saml_response: String,
    request_id: Option<String>,
    now: vestibule_kernel::Timestamp,
    skew: std::time::Duration,
}

impl Owned {
    fn of(case: &Case<'_>) -> Self {
        let Asked { saml_response, request_id, now, skew } = case.asked();
        Self { saml_response: saml_response.to_owned(), request_id: request_id.map(str::to_owned), now, skew }
    }

    fn borrow(&self) -> Asked<'_> {
        let Self { saml_response, request_id, now, skew } = self;
        Asked { saml_response, request_id: request_id.as_deref(), now: *now, skew: *skew }
    }
}
