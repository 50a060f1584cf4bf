use async_trait::async_trait;
use sqlx::Row as _;
use vestibule_kernel::Timestamp;
use vestibule_storage::{Bucket, ExpiringRecord, ExpiringRecords, StorageError};

use crate::{SqliteStore, fault};

#[async_trait]
impl ExpiringRecords for SqliteStore {
    async fn put(&self, record: &ExpiringRecord) -> Result<bool, StorageError> {
        record.require_size()?;
        let inserted = sqlx::query(
            "INSERT INTO expiring_records (bucket, key, value, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (bucket, key) DO NOTHING",
        )
        .bind(record.bucket.0)
        .bind(record.key.as_slice())
        .bind(&record.value)
        .bind(record.expires_at.unix_millis())
        .execute(&self.0.writer)
        .await
        .map_err(fault::storage)?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn replace(&self, record: &ExpiringRecord) -> Result<(), StorageError> {
        record.require_size()?;
        sqlx::query(
            "INSERT INTO expiring_records (bucket, key, value, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
        )
        .bind(record.bucket.0)
        .bind(record.key.as_slice())
        .bind(&record.value)
        .bind(record.expires_at.unix_millis())
        .execute(&self.0.writer)
        .await
        .map_err(fault::storage)?;
        Ok(())
    }

    async fn get(
        &self,
        bucket: Bucket,
        key: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<ExpiringRecord>, StorageError> {
        let found = sqlx::query(
            "SELECT value, expires_at FROM expiring_records WHERE bucket = ?1 AND key = ?2 AND expires_at > ?3",
        )
        .bind(bucket.0)
        .bind(key.as_slice())
        .bind(now.unix_millis())
        .fetch_optional(&self.0.readers)
        .await
        .map_err(fault::storage)?;
        let Some(row) = found else { return Ok(None) };
        let expires_at = Timestamp::from_unix_millis(row.try_get(1).map_err(fault::storage)?);
        Ok(Some(ExpiringRecord { bucket, key: *key, value: row.try_get(0).map_err(fault::storage)?, expires_at }))
    }

    async fn remove(&self, bucket: Bucket, key: &[u8; 32]) -> Result<bool, StorageError> {
        let removed = sqlx::query("DELETE FROM expiring_records WHERE bucket = ?1 AND key = ?2")
            .bind(bucket.0)
            .bind(key.as_slice())
            .execute(&self.0.writer)
            .await
            .map_err(fault::storage)?;
        Ok(removed.rows_affected() == 1)
    }

    async fn sweep(&self, now: Timestamp, max: u32) -> Result<u64, StorageError> {
        let swept = sqlx::query(
            "DELETE FROM expiring_records WHERE rowid IN
             (SELECT rowid FROM expiring_records WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )
        .bind(now.unix_millis())
        .bind(i64::from(max))
        .execute(&self.0.writer)
        .await
        .map_err(fault::storage)?;
        Ok(swept.rows_affected())
    }
}
