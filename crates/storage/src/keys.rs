use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;
use vestibule_kernel::Timestamp;

use crate::StorageError;

/// Names a key; the only thing of a key that events and tokens ever mention.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId(pub Uuid);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// A row of the key table: key material sealed under the master key.
#[derive(Clone, Eq, PartialEq)]
pub struct SealedKey {
    /// Its name.
    pub id: KeyId,
    /// What it is for, such as `oidc.signing`; part of what the seal authenticates.
    pub purpose: String,
    /// Whose it is: a person's or a connection's id, or empty for the deployment's own.
    pub owner: String,
    /// Counts up from 1 for each purpose and owner; unique with them, so that two processes which both find none make one.
    pub generation: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// The material, sealed.
    pub sealed: Vec<u8>,
}

/// The table of sealed keys: the same on all instances. Rows are added and destroyed, never changed.
#[async_trait]
pub trait KeyTable: Send + Sync {
    /// Adds a key; `false` when that generation of (purpose, owner) exists already and nothing was added.
    async fn insert(&self, key: &SealedKey) -> Result<bool, StorageError>;
    /// All keys of (purpose, owner), newest generation first.
    async fn list(&self, purpose: &str, owner: &str) -> Result<Vec<SealedKey>, StorageError>;
    /// The keys of `purpose`, whoever their owner is, that at least `newer` newer keys of the same owner have followed which
    /// were made at `before` or earlier: at most `max` of them. Sealed as they are; nothing is read of them but their names.
    async fn list_followed(
        &self,
        purpose: &str,
        newer: u32,
        before: Timestamp,
        max: u32,
    ) -> Result<Vec<SealedKey>, StorageError>;
    /// Destroys one key for ever; `false` when it is not there.
    async fn destroy(&self, id: KeyId) -> Result<bool, StorageError>;
}
