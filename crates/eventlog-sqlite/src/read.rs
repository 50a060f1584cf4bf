use async_trait::async_trait;
use serde_json::json;
use sqlx::{
    SqliteConnection,
    query::Query,
    sqlite::{Sqlite, SqliteArguments},
};
use tokio::sync::watch;
use vestibule_eventlog::{
    AppendError, Appended, Cursor, Filter, Page, Prepared, ReadError, Recorded, Store, StreamId, Version,
};
use vestibule_kernel::EventId;

use crate::{
    SqliteStore, append, fault,
    row::{self, select_events},
};

/// The most events of a page: it is one value, and the largest events that there can be, a thousand of them written as
/// JSON, stay below the gigabyte that a value of SQLite may have.
const PAGE_EVENTS_MAX: usize = 1_000;

/// How many positions one page looks at when no index fits its filter: bounds the work of a page that hardly any event
/// matches.
const SCAN_POSITIONS_MAX: u64 = 4_096;

/// As many categories as [`BY_CATEGORY`] has branches.
const MERGED_CATEGORIES_MAX: usize = 8;

const FIND: &str = select_events!("SELECT * FROM events WHERE id = ?1");

const READ_STREAM: &str =
    select_events!("SELECT * FROM events WHERE stream = ?1 AND version > ?2 ORDER BY version LIMIT ?3");

/// Goes through the positions one by one. The `+` keeps the planner from another index and a sort.
const SCAN: &str = select_events!(
    "SELECT * FROM events WHERE position > ?1 AND position <= ?2
     AND (?4 IS NULL OR +category IN (SELECT value FROM json_each(?4)))
     AND (?5 IS NULL OR +organization = ?5) ORDER BY position LIMIT ?3"
);

const BY_ORGANIZATION: &str = select_events!(
    "SELECT * FROM events WHERE organization = ?4 AND position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3"
);

macro_rules! positions_of {
    ($category:literal) => {
        concat!("SELECT position FROM events WHERE category = ", $category, " AND position > ?1 AND position <= ?2")
    };
}

/// Merges the positions of each category as the index has them, so that a view does not read through millions of events
/// that it does not want, and reads those rows.
const BY_CATEGORY: &str = select_events!(
    "SELECT * FROM (",
    positions_of!("?4"),
    " UNION ",
    positions_of!("?5"),
    " UNION ",
    positions_of!("?6"),
    " UNION ",
    positions_of!("?7"),
    " UNION ",
    positions_of!("?8"),
    " UNION ",
    positions_of!("?9"),
    " UNION ",
    positions_of!("?10"),
    " UNION ",
    positions_of!("?11"),
    " ORDER BY position LIMIT ?3) CROSS JOIN events USING (position)"
);

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, group: &[Prepared]) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.commit_group(group).await
    }

    async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError> {
        let mut reader = self.0.readers.acquire().await.map_err(fault::read)?;
        let found = self.events(sqlx::query(FIND).bind(id.uuid().as_bytes().as_slice()), &mut reader).await?;
        Ok(found.into_iter().next())
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError> {
        let mut reader = self.0.readers.acquire().await.map_err(fault::read)?;
        let query = sqlx::query(READ_STREAM).bind(stream.to_string()).bind(fault::int(after.0));
        self.events(query.bind(fault::rows(max)), &mut reader).await
    }

    async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError> {
        let mut reader = self.0.readers.acquire().await.map_err(fault::read)?;
        let head = append::head(&mut reader).await.map_err(fault::read)?;
        let from = after.position();
        if after.epoch() != self.0.epoch || from > head {
            return Err(ReadError::ForeignCursor);
        }
        // Nothing appears at or below the head any more, so what follows needs no transaction.
        let max = max.clamp(1, PAGE_EVENTS_MAX);
        let indexed =
            matches!((filter.organization, filter.categories.len()), (None, 0..=MERGED_CATEGORIES_MAX) | (Some(_), 0));
        let to = if indexed { head } else { head.min(from.saturating_add(SCAN_POSITIONS_MAX)) };
        let events = if from == to { Vec::new() } else { self.page(&mut reader, from, to, filter, max).await? };
        // A full page may have stopped early; any other has looked at everything up to `to`.
        let looked_at = if events.len() < max { to } else { events.last().map_or(to, |last| last.cursor.position()) };
        Ok(Page { events, next: Cursor::at(self.0.epoch, looked_at), at_head: looked_at == head })
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
    /// The events behind `from`, up to `to`, that match; at most `max`.
    async fn page(
        &self,
        reader: &mut SqliteConnection,
        from: u64,
        to: u64,
        filter: &Filter,
        max: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let between =
            |statement| sqlx::query(statement).bind(fault::int(from)).bind(fault::int(to)).bind(fault::rows(max));
        let organization = filter.organization.map(|organization| organization.to_string());
        let query = match (&organization, filter.categories.len()) {
            (Some(_), 0) => between(BY_ORGANIZATION).bind(organization),
            (None, 1..=MERGED_CATEGORIES_MAX) => {
                let absent = std::iter::repeat(None);
                let categories = filter.categories.iter().map(Some).chain(absent).take(MERGED_CATEGORIES_MAX);
                categories.fold(between(BY_CATEGORY), Query::bind)
            }
            (_, 0) => between(SCAN).bind(None::<String>).bind(organization),
            _ => between(SCAN).bind(json!(filter.categories).to_string()).bind(organization),
        };
        self.events(query, reader).await
    }

    async fn events(
        &self,
        query: Query<'_, Sqlite, SqliteArguments>,
        reader: &mut SqliteConnection,
    ) -> Result<Vec<Recorded>, ReadError> {
        let row = query.fetch_one(reader).await.map_err(fault::read)?;
        row::recorded(&row, self.0.epoch)
    }
}
