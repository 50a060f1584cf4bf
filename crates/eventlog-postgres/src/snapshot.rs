use sqlx::{PgConnection, Row as _, postgres::PgRow};
use vestibule_eventlog::{
    Partition, StreamId, Version,
    admission::{Question, Snapshot},
};
use vestibule_kernel::EventId;

use crate::row;

/// What the server knows about a group, as of the moment it got the append lock.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) snapshot: Snapshot,
    /// The partitions in question that exist.
    pub(crate) made: Vec<(String, Partition)>,
    /// What an append that rests on this must bring; see [`crate::append`].
    pub(crate) fence: i64,
}

/// One statement and so one round trip. Its rows are of several kinds:
/// 0 the last position; 1 stream, version and hash of a head; 2 scope, key and holder of a name; 3 an id that is in the
/// log; 4 category, month, closed (1 or 0) of a partition; 5 the fence.
const LOOK_UP: &str = r"
SELECT 0 AS kind, NULL::text AS a, NULL::text AS b, NULL::text AS c, NULL::uuid AS id, NULL::bytea AS hash,
       greatest((SELECT max(position) FROM events), (SELECT max(position) FROM removed_events), 0) AS number
UNION ALL
SELECT 1, asked.stream, NULL, NULL, NULL, head.hash, head.version
FROM unnest($1::text[], $2::text[]) AS asked (stream, label)
CROSS JOIN LATERAL (
    SELECT e.version, e.hash FROM events AS e WHERE e.stream = asked.stream AND e.label = asked.label
    ORDER BY e.version DESC LIMIT 1
) AS head
UNION ALL
SELECT 2, r.scope, r.key, r.stream, NULL, NULL, NULL
FROM unnest($3::text[], $4::text[]) AS asked (scope, key)
JOIN reservations AS r ON r.scope = asked.scope AND r.key = asked.key
UNION ALL
SELECT 3, NULL, NULL, NULL, e.id, NULL, NULL FROM events AS e WHERE e.id = ANY ($5::uuid[])
UNION ALL
SELECT 4, p.category, p.partition, NULL, NULL, NULL, (p.closed_at_millis IS NOT NULL)::int
FROM unnest($6::text[], $7::text[]) AS asked (category, partition)
JOIN event_partitions AS p ON p.category = asked.category AND p.partition = asked.partition
UNION ALL
SELECT 5, NULL, NULL, NULL, NULL, NULL, append_fence FROM deployment";

pub(crate) async fn look_up(
    connection: &mut PgConnection,
    question: &Question,
    epoch: u64,
) -> Result<Found, sqlx::Error> {
    let labels: Vec<String> = question.streams.iter().map(|stream| label_of_text(stream)).collect();
    let (scopes, keys): (Vec<&str>, Vec<&str>) =
        question.reservations.iter().map(|(scope, key)| (*scope, key.as_str())).unzip();
    let ids: Vec<uuid::Uuid> = question.ids.iter().map(|id| id.uuid()).collect();
    let (categories, months): (Vec<&str>, Vec<String>) =
        question.partitions.iter().map(|(category, month)| (category.as_str(), month.to_string())).unzip();
    let rows = sqlx::query(LOOK_UP)
        .bind(&question.streams)
        .bind(labels)
        .bind(scopes)
        .bind(keys)
        .bind(ids)
        .bind(categories)
        .bind(months)
        .fetch_all(connection)
        .await?;
    let mut found = Found::default();
    found.snapshot.epoch = epoch;
    for row in &rows {
        found.add(row)?;
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        let number = || row.try_get::<i64, _>("number").map(i64::unsigned_abs);
        match row.try_get::<i32, _>("kind")? {
            0 => self.snapshot.head = number()?,
            1 => {
                let hash = row::hash(row.try_get("hash")?).map_err(decode)?;
                self.snapshot.streams.insert(row.try_get("a")?, (Version(number()?), hash));
            }
            2 => {
                let holder = row.try_get::<&str, _>("c")?.parse::<StreamId>().map_err(decode)?;
                self.snapshot.holders.insert((row.try_get("a")?, row.try_get("b")?), holder);
            }
            3 => {
                self.snapshot.known.insert(EventId::from_uuid(row.try_get("id")?));
            }
            4 => {
                let partition = row.try_get::<&str, _>("b")?.parse::<Partition>().map_err(decode)?;
                let partition = (row.try_get("a")?, partition);
                if number()? == 1 {
                    self.snapshot.closed.insert(partition.clone());
                }
                self.made.push(partition);
            }
            _ => self.fence = row.try_get("number")?,
        }
        Ok(())
    }
}

/// The partition a stream is kept in, as the table's CHECK has it.
pub(crate) fn label(stream: &StreamId) -> String {
    stream.partition().map_or_else(String::new, |month| format!("{}/{month}", stream.category()))
}

fn label_of_text(stream: &str) -> String {
    stream.parse().map_or_else(|_| String::new(), |stream| label(&stream))
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
