use std::collections::HashMap;

use serde_json::{Value, json};
use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};
use vestibule_eventlog::{
    AppendError, Appended, Prepared, StreamId, Version,
    admission::{Question, ReservationChange, Row, Snapshot, admit},
};
use vestibule_kernel::EventId;

use crate::{SqliteStore, fault, row};

type Answers = Vec<Result<Appended, AppendError>>;

impl SqliteStore {
    pub(crate) async fn commit_group(&self, group: &[Prepared]) -> Result<Answers, AppendError> {
        let question = Question::of(group);
        // IMMEDIATE, because a read that is upgraded to a write later ignores the busy timeout, and because positions
        // are given out on what is read now.
        let mut transaction = self.0.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault::append)?;
        let snapshot = look_up(&mut transaction, &question, self.0.epoch).await.map_err(fault::append)?;
        let admission = admit(group, snapshot);
        if admission.rows.is_empty() {
            transaction.rollback().await.map_err(fault::append)?;
            return Ok(admission.answers);
        }
        let head = admission.rows.last().map_or(0, |row| row.position);
        insert(&mut transaction, &admission.rows).await?;
        reserve(&mut transaction, &admission.reservations).await.map_err(fault::append)?;
        transaction.commit().await.map_err(|error| AppendError::Unknown(Box::new(error)))?;
        self.0.changes.send_replace(head);
        Ok(admission.answers)
    }
}

async fn look_up(
    transaction: &mut Transaction<'_, Sqlite>,
    question: &Question,
    epoch: u64,
) -> Result<Snapshot, sqlx::Error> {
    let mut snapshot = Snapshot { epoch, ..Snapshot::default() };
    let ids: Vec<String> = question.ids.iter().map(|id| hex::encode(id.uuid().as_bytes())).collect();
    // One statement, because each costs a hop to the connection's thread.
    let found = sqlx::query(
        "SELECT 'head' AS kind, max(coalesce((SELECT max(position) FROM events), 0),
                                    coalesce((SELECT max(position) FROM removed_events), 0)) AS number,
                NULL AS stream, NULL AS bytes
         UNION ALL
         SELECT 'stream', e.version, e.stream, e.hash FROM json_each(?1) AS asked JOIN events AS e
         ON e.stream = asked.value AND e.version = (SELECT max(version) FROM events WHERE stream = asked.value)
         UNION ALL
         SELECT 'known', e.position, NULL, e.id FROM json_each(?2) AS asked JOIN events AS e ON e.id = unhex(asked.value)",
    )
    .bind(json!(question.streams).to_string())
    .bind(json!(ids).to_string())
    .fetch_all(&mut **transaction)
    .await?;
    for row in found {
        let number = row.try_get::<i64, _>("number")?.unsigned_abs();
        match row.try_get("kind")? {
            "stream" => {
                snapshot.streams.insert(row.try_get("stream")?, (Version(number), row::hash(&row, "bytes")?));
            }
            "known" => {
                snapshot.known.insert(EventId::from_uuid(row::uuid(&row, "bytes")?));
            }
            _ => snapshot.head = number,
        }
    }
    if !question.reservations.is_empty() {
        snapshot.holders = holders(transaction, question).await?;
    }
    if !question.partitions.is_empty() {
        let partitions: Vec<_> = question.partitions.iter().map(|(name, month)| (name, month.to_string())).collect();
        let found = sqlx::query(
            "SELECT closed.category, closed.partition FROM json_each(?1) AS asked JOIN closed_partitions AS closed
             ON closed.category = asked.value ->> 0 AND closed.partition = asked.value ->> 1",
        )
        .bind(json!(partitions).to_string())
        .fetch_all(&mut **transaction)
        .await?;
        for row in found {
            snapshot.closed.insert((row.try_get(0)?, row::parsed(&row, 1)?));
        }
    }
    Ok(snapshot)
}

/// The last position that was ever given out.
pub(crate) async fn head(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let head: i64 = sqlx::query_scalar(
        "SELECT max(coalesce((SELECT max(position) FROM events), 0),
                    coalesce((SELECT max(position) FROM removed_events), 0))",
    )
    .fetch_one(connection)
    .await?;
    Ok(head.unsigned_abs())
}

async fn holders(
    connection: &mut SqliteConnection,
    question: &Question,
) -> Result<HashMap<(String, String), StreamId>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT r.scope, r.key, r.stream FROM json_each(?1) AS asked JOIN reservations AS r
         ON r.scope = asked.value ->> 0 AND r.key = asked.value ->> 1",
    )
    .bind(json!(question.reservations).to_string())
    .fetch_all(connection)
    .await?;
    let entry = |row: &sqlx::sqlite::SqliteRow| Ok(((row.try_get(0)?, row.try_get(1)?), row::parsed(row, 2)?));
    found.iter().map(entry).collect()
}

async fn insert(connection: &mut SqliteConnection, rows: &[Row<'_>]) -> Result<(), AppendError> {
    let rows = rows.iter().map(columns).collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|error| AppendError::Unprepared(Box::new(error)))?;
    sqlx::query(
        "INSERT INTO events (position, id, stream, version, category, organization, partition, name, revision,
                             recorded_at, metadata, data, person, ciphertext, hash)
         SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
                value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, unhex(value ->> 12),
                unhex(value ->> 13), unhex(value ->> 14)
         FROM json_each(?1)",
    )
    .bind(Value::Array(rows).to_string())
    .execute(connection)
    .await
    .map_err(fault::append)?;
    Ok(())
}

fn columns(row: &Row<'_>) -> Result<Value, serde_json::Error> {
    let personal = row.event.personal.as_ref();
    Ok(json!([
        row.position,
        hex::encode(row.event.id.uuid().as_bytes()),
        row.stream.to_string(),
        row.version.0,
        row.stream.category(),
        row.stream.organization().map(|organization| organization.to_string()),
        row.stream.partition().map(|partition| partition.to_string()),
        row.event.name,
        row.event.revision,
        row.recorded_at.unix_millis(),
        serde_json::to_string(row.metadata)?,
        row.event.data,
        personal.map(|personal| hex::encode(personal.person.uuid().as_bytes())),
        personal.map(|personal| hex::encode(&personal.ciphertext)),
        hex::encode(row.hash),
    ]))
}

async fn reserve(connection: &mut SqliteConnection, changes: &[ReservationChange]) -> Result<(), sqlx::Error> {
    let taken: Vec<_> = changes
        .iter()
        .filter_map(|change| change.holder.as_ref().map(|holder| (&change.scope, &change.key, holder.to_string())))
        .collect();
    let released: Vec<_> =
        changes.iter().filter(|change| change.holder.is_none()).map(|change| (&change.scope, &change.key)).collect();
    if !released.is_empty() {
        sqlx::query(
            "DELETE FROM reservations WHERE (scope, key) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))",
        )
        .bind(json!(released).to_string())
        .execute(&mut *connection)
        .await?;
    }
    if !taken.is_empty() {
        sqlx::query(
            "INSERT INTO reservations (scope, key, stream)
             SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true
             ON CONFLICT (scope, key) DO UPDATE SET stream = excluded.stream",
        )
        .bind(json!(taken).to_string())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
