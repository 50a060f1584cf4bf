use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_storage::{KeyError, KeyId, KeyStore};

use super::Handle;

/// The key that seals pending sign-ins, the same on all instances.
pub(crate) const PENDING_KEY: &str = "gateway.pending";

/// What travels sealed through the browser.
pub(crate) trait Sealable: Serialize + DeserializeOwned {
    /// Keeps one kind from being taken for another.
    const LABEL: &'static str;
}

/// Seals pending sign-ins and sign-outs for the way through the browser.
#[derive(Clone)]
pub(crate) struct PendingSeal(KeyStore);

/// A sealed sign-in could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnsealError {
    /// Sealed under another key, under another handle, or changed.
    #[error("the sign-in in the cookie does not open")]
    Foreign,
    /// The keys cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl PendingSeal {
    pub(crate) const fn new(keys: KeyStore) -> Self {
        Self(keys)
    }

    /// The key's id and the ciphertext; bound to `handle`, so that a sign-in cannot be moved to another.
    pub(crate) async fn seal<T: Sealable>(&self, handle: &Handle, pending: &T) -> Result<Vec<u8>, UnsealError> {
        let key = self.0.current(PENDING_KEY, "").await?;
        let plain = serde_json::to_vec(pending).map_err(|_| UnsealError::Foreign)?;
        let mut sealed = key.id.0.as_bytes().to_vec();
        sealed.extend(key.seal(&bound_to::<T>(handle), &plain)?);
        Ok(sealed)
    }

    pub(crate) async fn open<T: Sealable>(&self, handle: &Handle, sealed: &[u8]) -> Result<T, UnsealError> {
        let (id, ciphertext) = sealed.split_at_checked(16).ok_or(UnsealError::Foreign)?;
        let id = KeyId(Uuid::from_slice(id).map_err(|_| UnsealError::Foreign)?);
        let key = self.0.find(PENDING_KEY, "", id).await?.ok_or(UnsealError::Foreign)?;
        let plain = key.open(&bound_to::<T>(handle), ciphertext).map_err(|_| UnsealError::Foreign)?;
        serde_json::from_slice(&plain).map_err(|_| UnsealError::Foreign)
    }
}

/// A handle has a fixed length, so no label makes one kind with one handle look like another.
fn bound_to<T: Sealable>(handle: &Handle) -> Vec<u8> {
    [T::LABEL.as_bytes(), handle.as_str().as_bytes()].concat()
}

impl Explain for UnsealError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Foreign => Explanation::new(Kind::Invalid, "PENDING_SIGN_IN_UNREADABLE"),
            Self::Key(error) => error.explain(),
        }
    }
}
