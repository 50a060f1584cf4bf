use async_trait::async_trait;
use sqlx::{Executor as _, PgConnection};
use vestibule_eventlog::{Archive, Partition, ReadError, Removed};
use vestibule_kernel::Timestamp;

use crate::{PostgresStore, append::BEGIN_AND_LOCK, fault, row};

/// Takes at most so many of the oldest events, leaves what the checkpoints need, and gives their streams' names up.
const LEAVE_TRACES: &str = r"
WITH oldest AS (
    SELECT position, stream, hash FROM events WHERE label = $1 ORDER BY position LIMIT $2
), traces AS (
    INSERT INTO removed_events (position, hash) SELECT position, hash FROM oldest
), released AS (
    DELETE FROM reservations WHERE stream IN (SELECT stream FROM oldest)
)
SELECT count(*), coalesce(max(position), 0) FROM oldest";

#[async_trait]
impl Archive for PostgresStore {
    async fn close(&self, category: &str, partition: Partition, at: Timestamp) -> Result<(), ReadError> {
        // Under the append lock: an append that found the partition open is committed before it is closed.
        let mut transaction = self.0.pool.begin_with(BEGIN_AND_LOCK).await.map_err(fault::read)?;
        sqlx::query(
            "INSERT INTO event_partitions AS p (category, partition, label, made, closed_at_millis)
             VALUES ($1, $2, $1 || '/' || $2, false, $3)
             ON CONFLICT (category, partition) DO UPDATE SET closed_at_millis = coalesce(p.closed_at_millis, $3)",
        )
        .bind(category)
        .bind(partition.to_string())
        .bind(at.unix_millis())
        .execute(&mut *transaction)
        .await
        .map_err(fault::read)?;
        transaction.commit().await.map_err(fault::read)
    }

    async fn remove(&self, category: &str, partition: Partition, max: usize) -> Result<u64, ReadError> {
        let mut transaction = self.0.pool.begin_with(BEGIN_AND_LOCK).await.map_err(fault::read)?;
        let removed = remove(&mut transaction, category, partition, max).await.map_err(fault::read)?;
        transaction.commit().await.map_err(fault::read)?;
        Ok(removed)
    }

    async fn removed(&self, after: u64, max: usize) -> Result<Vec<Removed>, ReadError> {
        let found: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT position, hash FROM removed_events WHERE position > $1 ORDER BY position LIMIT $2")
                .bind(fault::int(after))
                .bind(fault::rows(max))
                .fetch_all(&self.0.pool)
                .await
                .map_err(fault::read)?;
        let removed = |(position, hash): (i64, Vec<u8>)| {
            let position = position.unsigned_abs();
            let hash = row::hash(&hash).map_err(|source| ReadError::Corrupt { position, source: source.into() })?;
            Ok(Removed { position, hash })
        };
        found.into_iter().map(removed).collect()
    }
}

/// The last batch is not deleted but dropped with its table, and a partition that fits into one batch never is.
async fn remove(
    connection: &mut PgConnection,
    category: &str,
    partition: Partition,
    max: usize,
) -> Result<u64, sqlx::Error> {
    let (category, month) = (category.to_owned(), partition.to_string());
    let label: Option<String> = sqlx::query_scalar(
        "SELECT label FROM event_partitions
         WHERE category = $1 AND partition = $2 AND made AND closed_at_millis IS NOT NULL",
    )
    .bind(&category)
    .bind(&month)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(label) = label else { return Ok(0) };
    let (count, last): (i64, i64) =
        sqlx::query_as(LEAVE_TRACES).bind(&label).bind(fault::rows(max)).fetch_one(&mut *connection).await?;
    let more: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM events WHERE label = $1 AND position > $2)")
        .bind(&label)
        .bind(last)
        .fetch_one(&mut *connection)
        .await?;
    if more {
        let delete = sqlx::query("DELETE FROM events WHERE label = $1 AND position <= $2").bind(&label).bind(last);
        connection.execute(delete).await?;
    } else {
        let drop = sqlx::query("SELECT drop_partition($1, $2)").bind(&category).bind(&month);
        connection.execute(drop).await?;
    }
    Ok(count.unsigned_abs())
}
