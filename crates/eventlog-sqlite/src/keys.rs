use async_trait::async_trait;
use sqlx::{Row as _, sqlite::SqliteRow};
use vestibule_kernel::Timestamp;
use vestibule_storage::{KeyId, KeyTable, SealedKey, StorageError};

use crate::{SqliteStore, fault, row};

#[async_trait]
impl KeyTable for SqliteStore {
    async fn insert(&self, key: &SealedKey) -> Result<bool, StorageError> {
        let inserted = sqlx::query(
            "INSERT INTO keys (id, purpose, owner, generation, created_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (purpose, owner, generation) DO NOTHING",
        )
        .bind(key.id.0.as_bytes().as_slice())
        .bind(&key.purpose)
        .bind(&key.owner)
        .bind(i64::from(key.generation))
        .bind(key.created_at.unix_millis())
        .bind(&key.sealed)
        .execute(&self.0.writer)
        .await
        .map_err(fault::storage)?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn list(&self, purpose: &str, owner: &str) -> Result<Vec<SealedKey>, StorageError> {
        let found = sqlx::query("SELECT * FROM keys WHERE purpose = ?1 AND owner = ?2 ORDER BY generation DESC")
            .bind(purpose)
            .bind(owner)
            .fetch_all(&self.0.readers)
            .await
            .map_err(fault::storage)?;
        let corrupt = |source: sqlx::Error| StorageError::Corrupt {
            table: "keys",
            row: format!("{purpose} {owner}"),
            source: source.into(),
        };
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
            "SELECT * FROM keys AS old WHERE purpose = ?1 AND ?2 <= (
                 SELECT count(*) FROM keys AS new
                 WHERE new.purpose = old.purpose AND new.owner = old.owner AND new.generation > old.generation
                 AND new.created_at <= ?3)
             ORDER BY owner, generation LIMIT ?4",
        )
        .bind(purpose)
        .bind(i64::from(newer))
        .bind(before.unix_millis())
        .bind(i64::from(max))
        .fetch_all(&self.0.readers)
        .await
        .map_err(fault::storage)?;
        let corrupt = |source: sqlx::Error| StorageError::Corrupt {
            table: "keys",
            row: purpose.to_owned(),
            source: source.into(),
        };
        found.iter().map(|row| sealed_key(row).map_err(corrupt)).collect()
    }

    async fn destroy(&self, id: KeyId) -> Result<bool, StorageError> {
        let destroyed = sqlx::query("DELETE FROM keys WHERE id = ?1")
            .bind(id.0.as_bytes().as_slice())
            .execute(&self.0.writer)
            .await
            .map_err(fault::storage)?;
        // The WAL still holds the page as it was. That a reader keeps it a while longer is no failure: the next
        // checkpoint overwrites it.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.0.writer).await.map_err(fault::storage)?;
        Ok(destroyed.rows_affected() == 1)
    }
}

fn sealed_key(row: &SqliteRow) -> Result<SealedKey, sqlx::Error> {
    Ok(SealedKey {
        id: KeyId(row::uuid(row, "id")?),
        purpose: row.try_get("purpose")?,
        owner: row.try_get("owner")?,
        generation: row.try_get("generation")?,
        created_at: Timestamp::from_unix_millis(row.try_get("created_at")?),
        sealed: row.try_get("sealed")?,
    })
}
