use async_trait::async_trait;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;
use vestibule_kernel::Timestamp;
use vestibule_storage::{KeyId, SnapshotTable, StorageError, StoredSnapshot};

use crate::{SqliteStore, fault, row};

#[async_trait]
impl SnapshotTable for SqliteStore {
    async fn put_chunk(&self, view: &str, id: Uuid, index: u32, sealed: &[u8]) -> Result<(), StorageError> {
        if sealed.len() > StoredSnapshot::CHUNK_BYTES_MAX {
            let limit_bytes = StoredSnapshot::CHUNK_BYTES_MAX;
            return Err(StorageError::TooLarge { what: "a chunk of a snapshot", limit_bytes });
        }
        sqlx::query("INSERT INTO view_snapshot_chunks (view, snapshot, chunk, sealed) VALUES (?1, ?2, ?3, ?4)")
            .bind(view)
            .bind(id.as_bytes().as_slice())
            .bind(index)
            .bind(sealed)
            .execute(&self.0.writer)
            .await
            .map_err(fault::storage)?;
        Ok(())
    }

    async fn publish(&self, snapshot: &StoredSnapshot, keep: u32) -> Result<bool, StorageError> {
        let mut transaction = self.0.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault::storage)?;
        let published = publish(&mut transaction, snapshot, keep).await.map_err(fault::storage)?;
        transaction.commit().await.map_err(fault::storage)?;
        Ok(published)
    }

    async fn sweep_chunks(&self, view: &str, max: u32) -> Result<u64, StorageError> {
        let swept = sqlx::query(
            "DELETE FROM view_snapshot_chunks WHERE rowid IN
             (SELECT rowid FROM view_snapshot_chunks WHERE view = ?1
              AND snapshot NOT IN (SELECT id FROM view_snapshots WHERE view = ?1) LIMIT ?2)",
        )
        .bind(view)
        .bind(max)
        .execute(&self.0.writer)
        .await
        .map_err(fault::storage)?;
        Ok(swept.rows_affected())
    }

    async fn newest(&self, view: &str, max: u32) -> Result<Vec<StoredSnapshot>, StorageError> {
        let found = sqlx::query(
            "SELECT id, view, format, epoch, position, last_event, last_hash, taken_at, key, chunks FROM view_snapshots
             WHERE view = ?1 ORDER BY number DESC LIMIT ?2",
        )
        .bind(view)
        .bind(max)
        .fetch_all(&self.0.readers)
        .await
        .map_err(fault::storage)?;
        let corrupt = |source| StorageError::Corrupt { table: "view_snapshots", row: view.to_owned(), source };
        found.iter().map(|row| stored(row).map_err(|error| corrupt(error.into()))).collect()
    }

    async fn chunk(&self, view: &str, id: Uuid, index: u32) -> Result<Option<Vec<u8>>, StorageError> {
        sqlx::query_scalar("SELECT sealed FROM view_snapshot_chunks WHERE view = ?1 AND snapshot = ?2 AND chunk = ?3")
            .bind(view)
            .bind(id.as_bytes().as_slice())
            .bind(index)
            .fetch_optional(&self.0.readers)
            .await
            .map_err(fault::storage)
    }

    async fn clear(&self) -> Result<u64, StorageError> {
        let mut transaction = self.0.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault::storage)?;
        let cleared = sqlx::query("DELETE FROM view_snapshots").execute(&mut *transaction).await;
        let cleared = cleared.map_err(fault::storage)?.rows_affected();
        sqlx::query("DELETE FROM view_snapshot_chunks").execute(&mut *transaction).await.map_err(fault::storage)?;
        transaction.commit().await.map_err(fault::storage)?;
        Ok(cleared)
    }
}

async fn publish(connection: &mut SqliteConnection, snapshot: &StoredSnapshot, keep: u32) -> Result<bool, sqlx::Error> {
    let chunks: u32 = sqlx::query_scalar(
        "SELECT count(*) FROM view_snapshot_chunks WHERE view = ?1 AND snapshot = ?2 AND chunk < ?3",
    )
    .bind(&snapshot.view)
    .bind(snapshot.id.as_bytes().as_slice())
    .bind(snapshot.chunks)
    .fetch_one(&mut *connection)
    .await?;
    if chunks != snapshot.chunks {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO view_snapshots (id, view, format, epoch, position, last_event, last_hash, taken_at, key, chunks)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .bind(snapshot.id.as_bytes().as_slice())
    .bind(&snapshot.view)
    .bind(snapshot.format)
    .bind(fault::int(snapshot.epoch))
    .bind(fault::int(snapshot.position))
    .bind(fault::int(snapshot.last_event))
    .bind(snapshot.last_hash.as_slice())
    .bind(snapshot.taken_at.unix_millis())
    .bind(snapshot.key.0.as_bytes().as_slice())
    .bind(snapshot.chunks)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM view_snapshots WHERE view = ?1 AND number NOT IN
         (SELECT number FROM view_snapshots WHERE view = ?1 ORDER BY number DESC LIMIT ?2)",
    )
    .bind(&snapshot.view)
    .bind(keep)
    .execute(&mut *connection)
    .await?;
    Ok(true)
}

fn stored(row: &SqliteRow) -> Result<StoredSnapshot, sqlx::Error> {
    let uuid =
        |index| Uuid::from_slice(row.try_get::<&[u8], _>(index)?).map_err(|error| sqlx::Error::Decode(error.into()));
    Ok(StoredSnapshot {
        id: uuid(0)?,
        view: row.try_get(1)?,
        format: row.try_get(2)?,
        epoch: row.try_get::<i64, _>(3)?.unsigned_abs(),
        position: row.try_get::<i64, _>(4)?.unsigned_abs(),
        last_event: row.try_get::<i64, _>(5)?.unsigned_abs(),
        last_hash: row::hash(row, 6)?,
        taken_at: Timestamp::from_unix_millis(row.try_get(7)?),
        key: KeyId(uuid(8)?),
        chunks: row.try_get(9)?,
    })
}
