use async_trait::async_trait;
use sqlx::{Row as _, postgres::PgRow};
use vestibule_kernel::Timestamp;
use vestibule_storage::{KeyId, KeyTable, SealedKey, StorageError};

use crate::{PostgresStore, fault};

#[async_trait]
impl KeyTable for PostgresStore {
    async fn insert(&self, key: &SealedKey) -> Result<bool, StorageError> {
        let inserted = sqlx::query(
            "INSERT INTO keys (id, purpose, owner, generation, created_at_millis, sealed) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (purpose, owner, generation) DO NOTHING",
        )
        .bind(key.id.0)
        .bind(&key.purpose)
        .bind(&key.owner)
        .bind(i64::from(key.generation))
        .bind(key.created_at.unix_millis())
        .bind(&key.sealed)
        .execute(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn list(&self, purpose: &str, owner: &str) -> Result<Vec<SealedKey>, StorageError> {
        let found = sqlx::query(
            "SELECT id, purpose, owner, generation, created_at_millis, sealed FROM keys
             WHERE purpose = $1 AND owner = $2 ORDER BY generation DESC",
        )
        .bind(purpose)
        .bind(owner)
        .fetch_all(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        let corrupt = |source| StorageError::Corrupt { table: "keys", row: format!("{purpose} {owner}"), source };
        found.iter().map(|row| sealed_key(row).map_err(corrupt)).collect()
    }

    async fn list_followed(
        &self,
        purpose: &str,
        newer: u32,
        before: Timestamp,
        max: u32,
    ) -> Result<Vec<SealedKey>, StorageError> {
        let found = sqlx::query(
            "SELECT id, purpose, owner, generation, created_at_millis, sealed FROM keys AS old
             WHERE purpose = $1 AND $2 <= (
                 SELECT count(*) FROM keys AS new
                 WHERE new.purpose = old.purpose AND new.owner = old.owner AND new.generation > old.generation
                 AND new.created_at_millis <= $3)
             ORDER BY owner, generation LIMIT $4",
        )
        .bind(purpose)
        .bind(i64::from(newer))
        .bind(before.unix_millis())
        .bind(i64::from(max))
        .fetch_all(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        let corrupt = |source| StorageError::Corrupt { table: "keys", row: purpose.to_owned(), source };
        found.iter().map(|row| sealed_key(row).map_err(corrupt)).collect()
    }

    /// The row's old version stays in the table's file until VACUUM, and in the WAL and in backups as long as those are
    /// kept: there it is still sealed under the master key.
    async fn destroy(&self, id: KeyId) -> Result<bool, StorageError> {
        let destroyed = sqlx::query("DELETE FROM keys WHERE id = $1")
            .bind(id.0)
            .execute(&self.0.pool)
            .await
            .map_err(fault::storage)?;
        Ok(destroyed.rows_affected() == 1)
    }
}

fn sealed_key(row: &PgRow) -> Result<SealedKey, Box<dyn std::error::Error + Send + Sync>> {
    Ok(SealedKey {
        id: KeyId(row.try_get(0)?),
        purpose: row.try_get(1)?,
        owner: row.try_get(2)?,
        generation: u32::try_from(row.try_get::<i64, _>(3)?)?,
        created_at: Timestamp::from_unix_millis(row.try_get(4)?),
        sealed: row.try_get(5)?,
    })
}
