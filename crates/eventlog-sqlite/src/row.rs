use std::{borrow::Cow, str::FromStr};

use serde::Deserialize;
use sqlx::{ColumnIndex, Decode, Row as _, Sqlite, Type, sqlite::SqliteRow};
use uuid::Uuid;
use vestibule_eventlog::{Cursor, Hash, ReadError, Recorded, StoredPersonal, StreamId, Version};
use vestibule_kernel::{EventId, PersonId, Timestamp};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Selects events as one value: a line of JSON for each, read by [`recorded`].
///
/// Each row that a statement returns is a hop from the connection's thread and fifteen allocated values, which costs far
/// more than to read the event. JSON, because no value that a line can hold looks like the end of another. The casts keep a
/// value of a type that does not belong there from ending the statement: its line cannot be read, all others can.
macro_rules! select_events {
    ($($rows:expr),+) => {
        concat!(
            "SELECT CAST(group_concat(json_array(position, hex(id), CAST(stream AS TEXT), CAST(version AS TEXT),
                    CAST(category AS TEXT), CAST(organization AS TEXT), CAST(partition AS TEXT), CAST(name AS TEXT),
                    CAST(revision AS TEXT), CAST(recorded_at AS TEXT), CAST(metadata AS TEXT), CAST(data AS TEXT),
                    iif(person IS NULL, NULL, hex(person)), iif(ciphertext IS NULL, NULL, hex(ciphertext)), hex(hash)
             ), char(10)) AS BLOB) FROM (", $($rows),+, ")"
        )
    };
}

pub(crate) use select_events;

/// A column does not hold what this program stores there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ColumnError {
    #[error("column {0} is out of range")]
    Range(&'static str),
    #[error("column {0} does not agree with the name of the stream")]
    Disagrees(&'static str),
    #[error("only one of the columns person and ciphertext is there")]
    HalfPersonal,
}

/// A line, in the order of the selected columns.
#[derive(Deserialize)]
struct Line<'a> {
    position: u64,
    id: &'a str,
    stream: &'a str,
    version: &'a str,
    category: &'a str,
    organization: Option<&'a str>,
    partition: Option<&'a str>,
    name: String,
    revision: &'a str,
    recorded_at: &'a str,
    #[serde(borrow)]
    metadata: Cow<'a, str>,
    data: String,
    person: Option<&'a str>,
    ciphertext: Option<&'a str>,
    hash: &'a str,
}

/// Reads what [`select_events`] selected, in the order of positions.
pub(crate) fn recorded(row: &SqliteRow, epoch: u64) -> Result<Vec<Recorded>, ReadError> {
    let Some(text) = row.try_get::<Option<&[u8]>, _>(0).map_err(crate::fault::read)? else { return Ok(Vec::new()) };
    let mut lines = serde_json::Deserializer::from_slice(text).into_iter::<Line<'_>>();
    let mut events = Vec::new();
    loop {
        let begin = lines.byte_offset();
        let Some(line) = lines.next() else { break };
        let corrupt = |source| {
            let position = text.get(begin..).map_or(0, leading_position);
            ReadError::Corrupt { position, source }
        };
        let event = line.map_err(Cause::from).and_then(|line| line.decode(epoch));
        events.push(event.map_err(corrupt)?);
    }
    // In an aggregate SQLite promises no order.
    events.sort_unstable_by_key(|event| event.cursor.position());
    Ok(events)
}

/// The position that a line begins with, whatever else is wrong with it.
fn leading_position(line: &[u8]) -> u64 {
    let digits = line.iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

impl Line<'_> {
    fn decode(self, epoch: u64) -> Result<Recorded, Cause> {
        self.agrees()?;
        let personal = match (self.person, self.ciphertext) {
            (Some(person), Some(ciphertext)) => Some(StoredPersonal {
                person: PersonId::from_uuid(Uuid::from_bytes(bytes(person)?)),
                ciphertext: hex::decode(ciphertext)?,
            }),
            (None, None) => None,
            _ => return Err(ColumnError::HalfPersonal.into()),
        };
        Ok(Recorded {
            id: EventId::from_uuid(Uuid::from_bytes(bytes(self.id)?)),
            stream: self.stream.parse::<StreamId>()?,
            version: Version(number("version", self.version)?),
            cursor: Cursor::at(epoch, self.position),
            name: self.name,
            revision: number("revision", self.revision)?,
            recorded_at: Timestamp::from_unix_millis(number("recorded_at", self.recorded_at)?),
            metadata: serde_json::from_str(&self.metadata)?,
            data: self.data,
            personal,
            hash: bytes(self.hash)?,
        })
    }

    /// The columns that readers filter by only repeat the stream's name, which the hash covers. Were they changed alone,
    /// the event would vanish from filtered readers.
    fn agrees(&self) -> Result<(), ColumnError> {
        let mut parts = self.stream.splitn(4, '/');
        if parts.next() != Some(self.category) {
            return Err(ColumnError::Disagrees("category"));
        }
        if parts.next().filter(|none| *none != "-") != self.organization {
            return Err(ColumnError::Disagrees("organization"));
        }
        let third = parts.next();
        if parts.next().and(third) != self.partition {
            return Err(ColumnError::Disagrees("partition"));
        }
        Ok(())
    }
}

fn number<N: FromStr>(column: &'static str, text: &str) -> Result<N, ColumnError> {
    text.parse().map_err(|_| ColumnError::Range(column))
}

/// Exactly so many bytes, written in hexadecimal.
fn bytes<const N: usize>(text: &str) -> Result<[u8; N], hex::FromHexError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)?;
    Ok(bytes)
}

/// A column of 16 bytes.
pub(crate) fn uuid<I: ColumnIndex<SqliteRow>>(row: &SqliteRow, column: I) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(row.try_get(column)?).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A column of 32 bytes.
pub(crate) fn hash<I: ColumnIndex<SqliteRow>>(row: &SqliteRow, column: I) -> Result<Hash, sqlx::Error> {
    let bytes: &[u8] = row.try_get(column)?;
    Hash::try_from(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A column of text that is read as `T`.
pub(crate) fn parsed<T, I>(row: &SqliteRow, column: I) -> Result<T, sqlx::Error>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    I: ColumnIndex<SqliteRow>,
    for<'r> &'r str: Decode<'r, Sqlite> + Type<Sqlite>,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
}
