use async_trait::async_trait;
use serde_json::json;
use sqlx::{Row as _, sqlite::SqliteRow};
use tokio::sync::watch;
use vestibule_eventlog::{
    AppendError, Appended, Cursor, Filter, Page, Prepared, ReadError, Recorded, Store, StreamId, Version,
};
use vestibule_kernel::EventId;

use crate::{SqliteStore, append, fault, row};

/// A reader that is less than this far behind scans; one that is further behind goes by an index, so that a view does
/// not read through millions of events it does not want.
const SCAN_EVENTS_MAX: u64 = 4_096;

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, group: &[Prepared]) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.commit_group(group).await
    }

    async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError> {
        let found = sqlx::query("SELECT * FROM events WHERE id = ?1")
            .bind(id.uuid().as_bytes().as_slice())
            .fetch_optional(&self.0.readers)
            .await
            .map_err(fault::read)?;
        found.map(|row| row::recorded(&row, self.0.epoch)).transpose()
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError> {
        let found = sqlx::query("SELECT * FROM events WHERE stream = ?1 AND version > ?2 ORDER BY version LIMIT ?3")
            .bind(stream.to_string())
            .bind(fault::int(after.0))
            .bind(fault::rows(max))
            .fetch_all(&self.0.readers)
            .await
            .map_err(fault::read)?;
        self.decode(&found)
    }

    async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError> {
        let head = self.head().await?;
        if after.epoch() != self.0.epoch || after.position() > head.position() {
            return Err(ReadError::ForeignCursor);
        }
        // Nothing appears at or below the head any more, so what follows needs no transaction.
        let max = max.max(1);
        let (from, to) = (after.position(), head.position());
        let far = to - from > SCAN_EVENTS_MAX;
        let (found, to) = if from == to {
            (Vec::new(), to)
        } else if far && filter.organization.is_none() && !filter.categories.is_empty() {
            (self.by_category(from, to, filter, max).await?, to)
        } else if far && filter.organization.is_some() && filter.categories.is_empty() {
            (self.by_organization(from, to, filter, max).await?, to)
        } else if filter.organization.is_none() && filter.categories.is_empty() {
            (self.scan(from, to, filter, max).await?, to)
        } else {
            let to = to.min(from + SCAN_EVENTS_MAX);
            (self.scan(from, to, filter, max).await?, to)
        };
        let events = self.decode(&found)?;
        // A full page may have stopped early; any other has looked at everything up to `to`.
        let looked_at = if events.len() < max { to } else { events.last().map_or(to, |last| last.cursor.position()) };
        let next = Cursor::at(self.0.epoch, looked_at);
        Ok(Page { events, next, at_head: next == head })
    }

    async fn holder(&self, scope: &str, key: &str) -> Result<Option<StreamId>, ReadError> {
        let found = sqlx::query("SELECT stream FROM reservations WHERE scope = ?1 AND key = ?2")
            .bind(scope)
            .bind(key)
            .fetch_optional(&self.0.readers)
            .await
            .map_err(fault::read)?;
        found.map(|row| row::parsed(&row, 0)).transpose().map_err(fault::read)
    }

    async fn head(&self) -> Result<Cursor, ReadError> {
        let mut reader = self.0.readers.acquire().await.map_err(fault::read)?;
        Ok(Cursor::at(self.0.epoch, append::head(&mut reader).await.map_err(fault::read)?))
    }

    fn epoch(&self) -> u64 {
        self.0.epoch
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}

impl SqliteStore {
    pub(crate) fn decode(&self, rows: &[SqliteRow]) -> Result<Vec<Recorded>, ReadError> {
        rows.iter().map(|row| row::recorded(row, self.0.epoch)).collect()
    }

    /// Goes through the positions one by one. The `+` keeps the planner from another index and a sort.
    async fn scan(&self, from: u64, to: u64, filter: &Filter, max: usize) -> Result<Vec<SqliteRow>, ReadError> {
        let categories = (!filter.categories.is_empty()).then(|| json!(filter.categories).to_string());
        sqlx::query(
            "SELECT * FROM events WHERE position > ?1 AND position <= ?2
             AND (?3 IS NULL OR +category IN (SELECT value FROM json_each(?3)))
             AND (?4 IS NULL OR +organization = ?4) ORDER BY position LIMIT ?5",
        )
        .bind(fault::int(from))
        .bind(fault::int(to))
        .bind(categories)
        .bind(filter.organization.map(|organization| organization.to_string()))
        .bind(fault::rows(max))
        .fetch_all(&self.0.readers)
        .await
        .map_err(fault::read)
    }

    async fn by_organization(
        &self,
        from: u64,
        to: u64,
        filter: &Filter,
        max: usize,
    ) -> Result<Vec<SqliteRow>, ReadError> {
        sqlx::query(
            "SELECT * FROM events WHERE organization = ?1 AND position > ?2 AND position <= ?3
             ORDER BY position LIMIT ?4",
        )
        .bind(filter.organization.map(|organization| organization.to_string()))
        .bind(fault::int(from))
        .bind(fault::int(to))
        .bind(fault::rows(max))
        .fetch_all(&self.0.readers)
        .await
        .map_err(fault::read)
    }

    /// Merges the first positions of each category, and reads those rows.
    async fn by_category(&self, from: u64, to: u64, filter: &Filter, max: usize) -> Result<Vec<SqliteRow>, ReadError> {
        let mut positions: Vec<i64> = Vec::new();
        for category in &filter.categories {
            let found = sqlx::query(
                "SELECT position FROM events WHERE category = ?1 AND position > ?2 AND position <= ?3
                 ORDER BY position LIMIT ?4",
            )
            .bind(*category)
            .bind(fault::int(from))
            .bind(fault::int(to))
            .bind(fault::rows(max))
            .fetch_all(&self.0.readers)
            .await
            .map_err(fault::read)?;
            for row in found {
                positions.push(row.try_get(0).map_err(fault::read)?);
            }
        }
        positions.sort_unstable();
        positions.dedup();
        positions.truncate(max);
        sqlx::query("SELECT * FROM events WHERE position IN (SELECT value FROM json_each(?1)) ORDER BY position")
            .bind(json!(positions).to_string())
            .fetch_all(&self.0.readers)
            .await
            .map_err(fault::read)
    }
}
