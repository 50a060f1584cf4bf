//! Verdicts that take a private key: some milliseconds of computing, which must not hold up what else a thread has to do.

use std::{sync::Arc, thread::available_parallelism, time::Duration};

use tokio::{sync::Semaphore, task::spawn_blocking};
use vestibule_kernel::Timestamp;
use vestibule_saml::{self as saml, CredentialError, Verdict};

use crate::{
    connection::ReadyConnection,
    credential::Credentials,
    error::Error,
    judge::{Asked, verdict},
};

/// How many of them are computed at a time: what is encrypted may come from anybody, so that many more wait at no other
/// cost than their memory.
pub(crate) struct Decryptions(Semaphore);

impl Decryptions {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(available_parallelism().map_or(1, usize::from)))
    }

    /// What the engine says, without keys first: what is not encrypted, or is refused for another reason, costs no more.
    pub(crate) async fn verdict(
        &self,
        connection: &Arc<ReadyConnection>,
        asked: &Asked<'_>,
        credentials: &Credentials,
    ) -> Result<Option<Verdict>, Error> {
        let plain = verdict(connection, asked, None);
        let encrypted = plain.as_ref().is_some_and(|said| said.outcome == Err(saml::Refusal::AssertionEncrypted));
        if !encrypted {
            return Ok(plain);
        }
        let Some(keys) = credentials.decryption(connection.id).await? else { return Ok(plain) };
        let (connection, asked) = (Arc::clone(connection), Owned::of(asked));
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
    now: Timestamp,
    skew: Duration,
}

impl Owned {
    fn of(asked: &Asked<'_>) -> Self {
        let Asked { saml_response, request_id, now, skew } = *asked;
        Self { saml_response: saml_response.to_owned(), request_id: request_id.map(str::to_owned), now, skew }
    }

    fn borrow(&self) -> Asked<'_> {
        let Self { saml_response, request_id, now, skew } = self;
        Asked { saml_response, request_id: request_id.as_deref(), now: *now, skew: *skew }
    }
}
