use async_trait::async_trait;
use vestibule_kernel::Timestamp;

use crate::StorageError;

/// A family of expiring records, such as `code`: part of their key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Bucket(pub &'static str);

/// A record that is worth nothing after `expires_at`. Its value is sealed by the caller.
#[derive(Clone, Eq, PartialEq)]
pub struct ExpiringRecord {
    /// The family.
    pub bucket: Bucket,
    /// The digest that finds it; never the secret itself.
    pub key: [u8; 32],
    /// The sealed value, at most [`ExpiringRecord::VALUE_BYTES_MAX`] bytes.
    pub value: Vec<u8>,
    /// From this moment on the record is not found any more.
    pub expires_at: Timestamp,
}

impl ExpiringRecord {
    /// The largest value that a store accepts.
    pub const VALUE_BYTES_MAX: usize = 64 * 1024;

    /// What every store does before it stores one.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`].
    pub const fn require_size(&self) -> Result<(), StorageError> {
        if self.value.len() > Self::VALUE_BYTES_MAX {
            return Err(StorageError::TooLarge { what: "an expiring record", limit_bytes: Self::VALUE_BYTES_MAX });
        }
        Ok(())
    }
}

/// The table of expiring records.
#[async_trait]
pub trait ExpiringRecords: Send + Sync {
    /// Stores a record; `false` when the key exists already and nothing was stored.
    async fn put(&self, record: &ExpiringRecord) -> Result<bool, StorageError>;
    /// Stores a record, at once in place of the one under its key: at no moment there is none.
    async fn replace(&self, record: &ExpiringRecord) -> Result<(), StorageError>;
    /// The record, unless it has expired at `now`.
    async fn get(&self, bucket: Bucket, key: &[u8; 32], now: Timestamp)
    -> Result<Option<ExpiringRecord>, StorageError>;
    /// Removes a record; `false` when it is not there. Of two callers exactly one is told `true`.
    async fn remove(&self, bucket: Bucket, key: &[u8; 32]) -> Result<bool, StorageError>;
    /// Deletes what has expired at `now`, at most `max` records; answers how many.
    async fn sweep(&self, now: Timestamp, max: u32) -> Result<u64, StorageError>;
}
