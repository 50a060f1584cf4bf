//! Verdicts that take a private key: some milliseconds of computing, which must not hold up what else a thread has to do.

use std::{sync::Arc, thread::available_parallelism};

use tokio::{sync::Semaphore, task::spawn_blocking};
use vestibule_saml::{CredentialError, DecryptionKeys, Verdict};

use crate::error::Error;

/// How many of them are computed at a time: what is encrypted may come from anybody, so that many more wait at no other
/// cost than their memory.
pub(crate) struct Decryptions(Semaphore);

impl Decryptions {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(available_parallelism().map_or(1, usize::from)))
    }

    /// Judges with these keys, on a thread that may be busy.
    pub(crate) async fn judge(
        &self,
        keys: Arc<DecryptionKeys>,
        judge: impl FnOnce(&DecryptionKeys) -> Option<Verdict> + Send + 'static,
    ) -> Result<Option<Verdict>, Error> {
        // The semaphore is never closed, and a verdict does not panic; the answer to either is that there is none.
        let _turn = self.0.acquire().await.map_err(|_| Error::Credential(CredentialError::Key))?;
        spawn_blocking(move || judge(&keys)).await.map_err(|_| Error::Credential(CredentialError::Key))
    }
}
