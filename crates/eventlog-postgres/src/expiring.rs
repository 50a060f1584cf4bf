use async_trait::async_trait;
use vestibule_kernel::Timestamp;
use vestibule_storage::{Bucket, ExpiringRecord, ExpiringRecords, StorageError};

use crate::{PostgresStore, fault};

#[async_trait]
impl ExpiringRecords for PostgresStore {
    async fn put(&self, record: &ExpiringRecord) -> Result<bool, StorageError> {
        record.require_size()?;
        let inserted = sqlx::query(
            "INSERT INTO expiring_records (bucket, key, value, expires_at_millis) VALUES ($1, $2, $3, $4)
             ON CONFLICT (bucket, key) DO NOTHING",
        )
        .bind(record.bucket.0)
        .bind(record.key.as_slice())
        .bind(&record.value)
        .bind(record.expires_at.unix_millis())
        .execute(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn replace(&self, record: &ExpiringRecord) -> Result<(), StorageError> {
        record.require_size()?;
        sqlx::query(
            "INSERT INTO expiring_records (bucket, key, value, expires_at_millis) VALUES ($1, $2, $3, $4)
             ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, expires_at_millis = excluded.expires_at_millis",
        )
        .bind(record.bucket.0)
        .bind(record.key.as_slice())
        .bind(&record.value)
        .bind(record.expires_at.unix_millis())
        .execute(&self.0.pool)
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
        let found: Option<(Vec<u8>, i64)> = sqlx::query_as(
            "SELECT value, expires_at_millis FROM expiring_records
             WHERE bucket = $1 AND key = $2 AND expires_at_millis > $3",
        )
        .bind(bucket.0)
        .bind(key.as_slice())
        .bind(now.unix_millis())
        .fetch_optional(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        Ok(found.map(|(value, expires_at)| {
            let expires_at = Timestamp::from_unix_millis(expires_at);
            ExpiringRecord { bucket, key: *key, value, expires_at }
        }))
    }

    async fn remove(&self, bucket: Bucket, key: &[u8; 32]) -> Result<bool, StorageError> {
        let removed = sqlx::query("DELETE FROM expiring_records WHERE bucket = $1 AND key = $2")
            .bind(bucket.0)
            .bind(key.as_slice())
            .execute(&self.0.pool)
            .await
            .map_err(fault::storage)?;
        Ok(removed.rows_affected() == 1)
    }

    async fn sweep(&self, now: Timestamp, max: u32) -> Result<u64, StorageError> {
        // Two sweepers share the work instead of waiting for each other.
        let swept = sqlx::query(
            "DELETE FROM expiring_records AS r USING (
                 SELECT bucket, key FROM expiring_records WHERE expires_at_millis <= $1
                 ORDER BY expires_at_millis LIMIT $2 FOR UPDATE SKIP LOCKED
             ) AS old WHERE r.bucket = old.bucket AND r.key = old.key",
        )
        .bind(now.unix_millis())
        .bind(i64::from(max))
        .execute(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        Ok(swept.rows_affected())
    }
}
