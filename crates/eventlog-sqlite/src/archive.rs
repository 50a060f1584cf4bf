use async_trait::async_trait;
use serde_json::json;
use sqlx::Row as _;
use vestibule_eventlog::{Archive, Partition, ReadError, Removed};
use vestibule_kernel::Timestamp;

use crate::{SqliteStore, fault, row};

#[async_trait]
impl Archive for SqliteStore {
    async fn close(&self, category: &str, partition: Partition, at: Timestamp) -> Result<(), ReadError> {
        sqlx::query(
            "INSERT INTO closed_partitions (category, partition, closed_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )
        .bind(category)
        .bind(partition.to_string())
        .bind(at.unix_millis())
        .execute(&self.0.writer)
        .await
        .map_err(fault::read)?;
        Ok(())
    }

    async fn remove(&self, category: &str, partition: Partition, max: usize) -> Result<u64, ReadError> {
        self.remove_rows(category, partition, max).await.map_err(fault::read)
    }

    async fn removed(&self, after: u64, max: usize) -> Result<Vec<Removed>, ReadError> {
        let found =
            sqlx::query("SELECT position, hash FROM removed_events WHERE position > ?1 ORDER BY position LIMIT ?2")
                .bind(fault::int(after))
                .bind(fault::rows(max))
                .fetch_all(&self.0.readers)
                .await
                .map_err(fault::read)?;
        let removed = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Removed { position: row.try_get::<i64, _>(0)?.unsigned_abs(), hash: row::hash(row, 1)? })
        };
        found.iter().map(removed).collect::<Result<_, _>>().map_err(fault::read)
    }
}

impl SqliteStore {
    async fn remove_rows(&self, category: &str, partition: Partition, max: usize) -> Result<u64, sqlx::Error> {
        let mut transaction = self.0.writer.begin_with("BEGIN IMMEDIATE").await?;
        let positions: Vec<i64> = sqlx::query_scalar(
            "SELECT position FROM events WHERE category = ?1 AND partition = ?2
             AND EXISTS (SELECT 1 FROM closed_partitions WHERE category = ?1 AND partition = ?2)
             ORDER BY position LIMIT ?3",
        )
        .bind(category)
        .bind(partition.to_string())
        .bind(fault::rows(max))
        .fetch_all(&mut *transaction)
        .await?;
        let positions_json = json!(positions).to_string();
        sqlx::query(
            "INSERT INTO removed_events (position, hash)
             SELECT position, hash FROM events WHERE position IN (SELECT value FROM json_each(?1))",
        )
        .bind(&positions_json)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM reservations WHERE stream IN
             (SELECT stream FROM events WHERE position IN (SELECT value FROM json_each(?1)))",
        )
        .bind(&positions_json)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM events WHERE position IN (SELECT value FROM json_each(?1))")
            .bind(&positions_json)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(positions.len() as u64)
    }
}
