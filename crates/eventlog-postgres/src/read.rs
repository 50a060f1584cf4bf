use async_trait::async_trait;
use sqlx::{Row as _, postgres::PgRow};
use tokio::sync::watch;
use vestibule_eventlog::{
    AppendError, Appended, Cursor, Filter, Page, Prepared, ReadError, Recorded, Store, StreamId, Version,
};
use vestibule_kernel::EventId;

use crate::{
    PostgresStore, fault,
    row::{self, BEHIND_COLUMNS, columns},
    snapshot::label,
};

/// How many positions one filtered page looks at: bounds the work of a page that hardly any event matches.
const SCAN_POSITIONS_MAX: u64 = 20_000;

/// A reader of a lost outcome waits for appends that are under way; see [`Store::find`].
const BEGIN_AND_WAIT_FOR_APPENDS: &str = "BEGIN READ ONLY; SELECT pg_advisory_xact_lock_shared(8531352012944733548)";

const FIND: &str = concat!("SELECT ", columns!(), " FROM events WHERE id = $1");

const READ_STREAM: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM events WHERE stream = $1 AND label = $2 AND version > $3 ORDER BY version LIMIT $4"
);

/// The head is read by the same statement and so at the same moment as the events.
const READ_ALL: &str = concat!(
    "SELECT e.*, head.at
     FROM (SELECT greatest((SELECT max(position) FROM events), (SELECT max(position) FROM removed_events), 0) AS at)
          AS head
     LEFT JOIN LATERAL (
         SELECT ",
    columns!(),
    "    FROM events WHERE position > $1 ORDER BY position LIMIT $2
     ) AS e ON true ORDER BY e.position"
);

/// The labels keep the planner out of the partitions of other categories.
const READ_FILTERED: &str = concat!(
    "SELECT e.*, head.at
     FROM (SELECT greatest((SELECT max(position) FROM events), (SELECT max(position) FROM removed_events), 0) AS at)
          AS head
     LEFT JOIN LATERAL (
         SELECT ",
    columns!(),
    "    FROM events
         WHERE position > $1 AND position <= $2
           AND label = ANY (ARRAY(SELECT label FROM event_partitions
                                  WHERE made AND (cardinality($4::text[]) = 0 OR category = ANY ($4))) || ''::text)
           AND (cardinality($4::text[]) = 0 OR split_part(stream, '/', 1) = ANY ($4))
           AND ($5::text IS NULL OR split_part(stream, '/', 2) = $5)
         ORDER BY position LIMIT $3
     ) AS e ON true ORDER BY e.position"
);

const HEAD: &str = "SELECT greatest((SELECT max(position) FROM events), (SELECT max(position) FROM removed_events), 0)";

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, group: &[Prepared]) -> Result<Vec<Result<Appended, AppendError>>, AppendError> {
        self.commit_group(group).await
    }

    /// Waits for the append that is under way, if any, so that "it is not there" is final for everything whose COMMIT was
    /// sent before.
    async fn find(&self, id: EventId) -> Result<Option<Recorded>, ReadError> {
        let mut transaction = self.0.pool.begin_with(BEGIN_AND_WAIT_FOR_APPENDS).await.map_err(fault::read)?;
        let found = sqlx::query(FIND).bind(id.uuid()).fetch_optional(&mut *transaction).await.map_err(fault::read)?;
        transaction.commit().await.map_err(fault::read)?;
        found.map(|row| row::recorded(&row, self.0.epoch)).transpose()
    }

    async fn read_stream(&self, stream: &StreamId, after: Version, max: usize) -> Result<Vec<Recorded>, ReadError> {
        let rows = sqlx::query(READ_STREAM)
            .bind(stream.to_string())
            .bind(label(stream))
            .bind(fault::int(after.0))
            .bind(fault::rows(max))
            .fetch_all(&self.0.pool)
            .await
            .map_err(fault::read)?;
        rows.iter().map(|row| row::recorded(row, self.0.epoch)).collect()
    }

    async fn read_all(&self, after: Cursor, filter: &Filter, max: usize) -> Result<Page, ReadError> {
        if after.epoch() != self.0.epoch {
            return Err(ReadError::ForeignCursor);
        }
        let filtered = !filter.categories.is_empty() || filter.organization.is_some();
        let scanned_to = if filtered { after.position().saturating_add(SCAN_POSITIONS_MAX) } else { u64::MAX };
        let query = if filtered {
            sqlx::query(READ_FILTERED)
                .bind(fault::int(after.position()))
                .bind(fault::int(scanned_to))
                .bind(fault::rows(max))
                .bind(&filter.categories)
                .bind(filter.organization.map(|organization| organization.to_string()))
        } else {
            sqlx::query(READ_ALL).bind(fault::int(after.position())).bind(fault::rows(max))
        };
        let rows = query.fetch_all(&self.0.pool).await.map_err(fault::read)?;
        self.page(&rows, after, scanned_to, max)
    }

    async fn holder(&self, scope: &str, key: &str) -> Result<Option<StreamId>, ReadError> {
        let holder: Option<String> =
            sqlx::query_scalar("SELECT stream FROM reservations WHERE scope = $1 AND key = $2")
                .bind(scope)
                .bind(key)
                .fetch_optional(&self.0.pool)
                .await
                .map_err(fault::read)?;
        let parsed = holder.map(|stream| stream.parse::<StreamId>()).transpose();
        parsed.map_err(|error| fault::read(sqlx::Error::Decode(error.into())))
    }

    async fn head(&self) -> Result<Cursor, ReadError> {
        let head: i64 = sqlx::query_scalar(HEAD).fetch_one(&self.0.pool).await.map_err(fault::read)?;
        Ok(Cursor::at(self.0.epoch, head.unsigned_abs()))
    }

    fn epoch(&self) -> u64 {
        self.0.epoch
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}

impl PostgresStore {
    /// There is at least one row: without an event it holds the head alone.
    fn page(&self, rows: &[PgRow], after: Cursor, scanned_to: u64, max: usize) -> Result<Page, ReadError> {
        let mut head = 0;
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            head = row.try_get::<i64, _>(BEHIND_COLUMNS).map_err(fault::read)?.unsigned_abs();
            if row.try_get::<Option<i64>, _>(0).map_err(fault::read)?.is_some() {
                events.push(row::recorded(row, self.0.epoch)?);
            }
        }
        if after.position() > head {
            return Err(ReadError::ForeignCursor);
        }
        let next = match events.last() {
            Some(last) if events.len() >= max => last.cursor.position(),
            _ => scanned_to.min(head),
        };
        Ok(Page { events, next: Cursor::at(self.0.epoch, next), at_head: next == head })
    }
}
