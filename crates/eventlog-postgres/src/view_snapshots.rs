use async_trait::async_trait;
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;
use vestibule_kernel::Timestamp;
use vestibule_storage::{KeyId, SnapshotTable, StorageError, StoredSnapshot};

use crate::{PostgresStore, fault, row};

#[async_trait]
impl SnapshotTable for PostgresStore {
    async fn put_chunk(&self, view: &str, id: Uuid, index: u32, sealed: &[u8]) -> Result<(), StorageError> {
        if sealed.len() > StoredSnapshot::CHUNK_BYTES_MAX {
            let limit_bytes = StoredSnapshot::CHUNK_BYTES_MAX;
            return Err(StorageError::TooLarge { what: "a chunk of a snapshot", limit_bytes });
        }
        sqlx::query("INSERT INTO view_snapshot_chunks (view, snapshot, chunk, sealed) VALUES ($1, $2, $3, $4)")
            .bind(view)
            .bind(id)
            .bind(i64::from(index))
            .bind(sealed)
            .execute(&self.0.pool)
            .await
            .map_err(fault::storage)?;
        Ok(())
    }

    async fn publish(&self, snapshot: &StoredSnapshot, keep: u32) -> Result<bool, StorageError> {
        let mut transaction = self.0.pool.begin().await.map_err(fault::storage)?;
        let published = publish(&mut transaction, snapshot, keep).await.map_err(fault::storage)?;
        transaction.commit().await.map_err(fault::storage)?;
        Ok(published)
    }

    async fn sweep_chunks(&self, view: &str, max: u32) -> Result<u64, StorageError> {
        let mut transaction = self.0.pool.begin().await.map_err(fault::storage)?;
        let swept = sweep(&mut transaction, view, max).await.map_err(fault::storage)?;
        transaction.commit().await.map_err(fault::storage)?;
        Ok(swept)
    }

    async fn newest(&self, view: &str, max: u32) -> Result<Vec<StoredSnapshot>, StorageError> {
        let found = sqlx::query(
            "SELECT id, view, format, epoch, position, last_event, last_hash, taken_at_millis, key, chunks
             FROM view_snapshots WHERE view = $1 ORDER BY number DESC LIMIT $2",
        )
        .bind(view)
        .bind(i64::from(max))
        .fetch_all(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        let corrupt = |source| StorageError::Corrupt { table: "view_snapshots", row: view.to_owned(), source };
        found.iter().map(|row| stored(row).map_err(corrupt)).collect()
    }

    async fn chunk(&self, view: &str, id: Uuid, index: u32) -> Result<Option<Vec<u8>>, StorageError> {
        sqlx::query_scalar("SELECT sealed FROM view_snapshot_chunks WHERE view = $1 AND snapshot = $2 AND chunk = $3")
            .bind(view)
            .bind(id)
            .bind(i64::from(index))
            .fetch_optional(&self.0.pool)
            .await
            .map_err(fault::storage)
    }

    async fn clear(&self) -> Result<u64, StorageError> {
        let cleared = sqlx::query("WITH chunks AS (DELETE FROM view_snapshot_chunks) DELETE FROM view_snapshots")
            .execute(&self.0.pool)
            .await
            .map_err(fault::storage)?;
        Ok(cleared.rows_affected())
    }
}

/// Whoever sweeps while another one publishes would remove the chunks of a snapshot whose row it does not see yet.
async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("LOCK TABLE view_snapshots IN SHARE ROW EXCLUSIVE MODE").execute(connection).await?;
    Ok(())
}

async fn sweep(connection: &mut PgConnection, view: &str, max: u32) -> Result<u64, sqlx::Error> {
    lock(connection).await?;
    let swept = sqlx::query(
        "DELETE FROM view_snapshot_chunks AS c USING (
             SELECT snapshot, chunk FROM view_snapshot_chunks
             WHERE view = $1 AND snapshot NOT IN (SELECT id FROM view_snapshots WHERE view = $1) LIMIT $2
         ) AS gone WHERE c.view = $1 AND c.snapshot = gone.snapshot AND c.chunk = gone.chunk",
    )
    .bind(view)
    .bind(i64::from(max))
    .execute(connection)
    .await?;
    Ok(swept.rows_affected())
}

async fn publish(connection: &mut PgConnection, snapshot: &StoredSnapshot, keep: u32) -> Result<bool, sqlx::Error> {
    lock(connection).await?;
    let chunks: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM view_snapshot_chunks WHERE view = $1 AND snapshot = $2 AND chunk < $3",
    )
    .bind(&snapshot.view)
    .bind(snapshot.id)
    .bind(i64::from(snapshot.chunks))
    .fetch_one(&mut *connection)
    .await?;
    if chunks != i64::from(snapshot.chunks) {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO view_snapshots
         (id, view, format, epoch, position, last_event, last_hash, taken_at_millis, key, chunks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(snapshot.id)
    .bind(&snapshot.view)
    .bind(i64::from(snapshot.format))
    .bind(fault::int(snapshot.epoch))
    .bind(fault::int(snapshot.position))
    .bind(fault::int(snapshot.last_event))
    .bind(snapshot.last_hash.as_slice())
    .bind(snapshot.taken_at.unix_millis())
    .bind(snapshot.key.0)
    .bind(i64::from(snapshot.chunks))
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM view_snapshots WHERE view = $1 AND number NOT IN
         (SELECT number FROM view_snapshots WHERE view = $1 ORDER BY number DESC LIMIT $2)",
    )
    .bind(&snapshot.view)
    .bind(i64::from(keep))
    .execute(&mut *connection)
    .await?;
    Ok(true)
}

fn stored(row: &PgRow) -> Result<StoredSnapshot, Box<dyn std::error::Error + Send + Sync>> {
    let number = |index: usize| row.try_get::<i64, _>(index);
    Ok(StoredSnapshot {
        id: row.try_get(0)?,
        view: row.try_get(1)?,
        format: u32::try_from(number(2)?)?,
        epoch: number(3)?.unsigned_abs(),
        position: number(4)?.unsigned_abs(),
        last_event: number(5)?.unsigned_abs(),
        last_hash: row::hash(row.try_get(6)?)?,
        taken_at: Timestamp::from_unix_millis(number(7)?),
        key: KeyId(row.try_get(8)?),
        chunks: u32::try_from(number(9)?)?,
    })
}
