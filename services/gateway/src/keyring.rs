//! The keys that sign ID tokens, and the set that relying parties verify with.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use vestibule_kernel::{Clock, Explain, Explanation, Kind, SecretBytes, Timestamp};
use vestibule_oidc::{Algorithm, JwkSet, KeyError as UnsoundKey, SigningKey};
use vestibule_storage::{Key, KeyError, KeyStore};

use crate::{
    entity::Entity,
    limit::{KEY_GENERATIONS_KEPT, KEY_PUBLISHED_BEFORE_USE, PENDING_KEY_AGE_MAX, SIGNING_KEY_AGE_MAX},
    pending::PENDING_KEY,
};

/// The signing keys, in memory, and their rotation.
///
/// A key is published [`KEY_PUBLISHED_BEFORE_USE`] before it signs and stays published after the next one took over, so
/// that a relying party which keeps the key set for a while never meets a token whose key it does not know.
pub(crate) struct Keyring {
    store: KeyStore,
    clock: Arc<dyn Clock>,
    published: RwLock<Arc<Published>>,
}

/// What is in use at the moment.
pub(crate) struct Published {
    keys: Vec<Signer>,
    /// The JWK set, ready to be served.
    pub(crate) jwks: Entity,
}

#[derive(Clone)]
struct Signer {
    algorithm: Algorithm,
    created_at: Timestamp,
    key: Arc<SigningKey>,
}

/// The signing keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyringError {
    #[error(transparent)]
    Store(#[from] KeyError),
    #[error(transparent)]
    Unsound(#[from] UnsoundKey),
    /// The thread that works with keys was lost.
    #[error("the key could not be computed")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl Keyring {
    /// Reads the keys, and makes those that are missing.
    pub(crate) async fn open(store: KeyStore, clock: Arc<dyn Clock>) -> Result<Self, KeyringError> {
        let nothing = Published { keys: Vec::new(), jwks: Entity::new(Bytes::new()) };
        let keyring = Self { store, clock, published: RwLock::new(Arc::new(nothing)) };
        keyring.refresh().await?;
        Ok(keyring)
    }

    pub(crate) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key to sign with now.
    pub(crate) fn signer(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        self.published().signer(algorithm, self.clock.now())
    }

    /// Reads the keys again, and makes the next ones when it is time.
    pub(crate) async fn refresh(&self) -> Result<(), KeyringError> {
        let mut signers = Vec::new();
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            for key in self.generations(algorithm).await? {
                signers.push(self.signer_of(algorithm, &key).await?);
            }
        }
        let jwks: JwkSet = signers.iter().map(|signer| signer.key.jwk().clone()).collect();
        let jwks = Entity::json(&jwks);
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Published { keys: signers, jwks });
        self.rotate_pending_key().await
    }

    async fn generations(&self, algorithm: Algorithm) -> Result<Vec<Key>, KeyringError> {
        let purpose = purpose(algorithm);
        let newest = self.store.all(purpose, "").await?.into_iter().next();
        if newest.as_ref().is_none_or(|key| self.clock.now().since(key.created_at) > SIGNING_KEY_AGE_MAX) {
            let fresh = computed(move || SigningKey::generate(algorithm)).await?;
            self.store_generation(purpose, newest.as_ref(), fresh).await?;
        }
        Ok(self.store.all(purpose, "").await?)
    }

    async fn store_generation(
        &self,
        purpose: &'static str,
        newest: Option<&Key>,
        fresh: SecretBytes,
    ) -> Result<(), KeyringError> {
        // Of several instances that start, or rotate, at once, one makes the key and all use it.
        if let Some(outworn) = newest {
            self.store.rotate_with(purpose, "", outworn, || fresh).await?;
            tracing::info!(purpose, "the next signing key is published");
        } else {
            self.store.current_with(purpose, "", || fresh).await?;
        }
        Ok(())
    }

    /// Parsing an RSA key costs about as much as signing with it, so what is parsed already is kept.
    async fn signer_of(&self, algorithm: Algorithm, key: &Key) -> Result<Signer, KeyringError> {
        let kid = key.id.to_string();
        let parsed = self.published().keys.iter().find(|signer| signer.key.jwk().kid() == kid).cloned();
        if let Some(signer) = parsed {
            return Ok(signer);
        }
        let stored = key.clone();
        let parsed = computed(move || SigningKey::parse(algorithm, Some(&kid), stored.material())).await?;
        Ok(Signer { algorithm, created_at: key.created_at, key: Arc::new(parsed) })
    }

    async fn rotate_pending_key(&self) -> Result<(), KeyringError> {
        let current = self.store.current(PENDING_KEY, "").await?;
        if self.clock.now().since(current.created_at) > PENDING_KEY_AGE_MAX {
            self.store.rotate(PENDING_KEY, "", &current).await?;
        }
        Ok(())
    }
}

impl Published {
    /// The newest key that has been published for long enough; when there is none, the oldest.
    fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Option<Arc<SigningKey>> {
        let of_algorithm = || self.keys.iter().filter(move |signer| signer.algorithm == algorithm);
        let settled = |signer: &&Signer| signer.created_at.plus(KEY_PUBLISHED_BEFORE_USE) <= now;
        let newest = of_algorithm().filter(settled).max_by_key(|signer| signer.created_at);
        let chosen = newest.or_else(|| of_algorithm().min_by_key(|signer| signer.created_at));
        chosen.map(|signer| Arc::clone(&signer.key))
    }
}

/// Destroys the keys whose tokens and cookies are long gone. Not a part of [`Keyring::refresh`]: the gateway adds keys, and
/// need not have the right to destroy any.
pub(crate) async fn destroy_old(store: &KeyStore) -> Result<(), KeyError> {
    for purpose in [purpose(Algorithm::Rs256), purpose(Algorithm::Es256), PENDING_KEY] {
        store.prune(purpose, "", KEY_GENERATIONS_KEPT).await?;
    }
    Ok(())
}

const fn purpose(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => "oidc.signing.rs256",
        Algorithm::Es256 => "oidc.signing.es256",
    }
}

async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, UnsoundKey> + Send + 'static,
) -> Result<T, KeyringError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(KeyringError::Interrupted)?;
    Ok(done?)
}

impl Explain for KeyringError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Store(error) => error.explain(),
            Self::Unsound(_) | Self::Interrupted(_) => Explanation::new(Kind::Internal, "SIGNING_KEY_UNUSABLE"),
        }
    }
}
