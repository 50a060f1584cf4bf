//! The keys with which we sign towards identity providers: one line of generations for each connection.

use std::{sync::Arc, time::Duration};

use vestibule_kernel::{Clock, ConnectionId};
use vestibule_saml::{Credential, CredentialError};
use vestibule_storage::KeyStore;

use crate::error::Error;

/// What the keys are for.
const SIGNING: &str = "saml.signing";

/// How long the certificate says that the key is good. Identity providers hold the key for trusted, not its dates.
const CERTIFICATE_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);

/// The service provider's keys, made when they are first needed.
pub(crate) struct Credentials {
    pub(crate) keys: KeyStore,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Credentials {
    /// The key that signs for this connection now.
    pub(crate) async fn signing(&self, connection: ConnectionId) -> Result<Arc<Credential>, Error> {
        let owner = connection.to_string();
        let key = match self.keys.all(SIGNING, &owner).await?.into_iter().next() {
            Some(newest) => newest,
            None => {
                let now = self.clock.now();
                let name = format!("Vestibule {connection}");
                let make = move || Credential::generate(&name, now, now.plus(CERTIFICATE_LIFETIME));
                // RSA keys take a while to make.
                let made = tokio::task::spawn_blocking(make).await.map_err(|_| CredentialError::Key)??;
                self.keys.current_with(SIGNING, &owner, || made.to_bytes()).await?
            }
        };
        Ok(Arc::new(Credential::from_bytes(key.material())?))
    }
}
