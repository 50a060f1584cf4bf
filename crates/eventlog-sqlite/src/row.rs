use std::str::FromStr;

use sqlx::{ColumnIndex, Decode, Row as _, Sqlite, Type, sqlite::SqliteRow};
use uuid::Uuid;
use vestibule_eventlog::{Cursor, Hash, ReadError, Recorded, StoredPersonal, StreamId, Version};
use vestibule_kernel::{EventId, PersonId, Timestamp};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A column does not hold what this program stores there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ColumnError {
    #[error("column {0} is out of range")]
    Range(&'static str),
    #[error("column {0} does not agree with the name of the stream")]
    Disagrees(&'static str),
}

/// Reads a row of `events`, selected with the columns of the table in their order.
pub(crate) fn recorded(row: &SqliteRow, epoch: u64) -> Result<Recorded, ReadError> {
    let position: i64 = row.try_get("position").map_err(crate::fault::read)?;
    let position = position.unsigned_abs();
    decode(row, Cursor::at(epoch, position)).map_err(|source| ReadError::Corrupt { position, source })
}

fn decode(row: &SqliteRow, cursor: Cursor) -> Result<Recorded, Cause> {
    let stream: StreamId = row.try_get::<&str, _>("stream")?.parse()?;
    agree(row, &stream)?;
    let personal = match row.try_get::<Option<&[u8]>, _>("person")? {
        Some(person) => Some(StoredPersonal {
            person: PersonId::from_uuid(Uuid::from_slice(person)?),
            ciphertext: row.try_get("ciphertext")?,
        }),
        None => None,
    };
    Ok(Recorded {
        id: EventId::from_uuid(uuid(row, "id")?),
        stream,
        version: Version(number(row, "version")?),
        cursor,
        name: row.try_get("name")?,
        revision: number(row, "revision")?,
        recorded_at: Timestamp::from_unix_millis(row.try_get("recorded_at")?),
        metadata: serde_json::from_str(row.try_get("metadata")?)?,
        data: row.try_get("data")?,
        personal,
        hash: hash(row, "hash")?,
    })
}

/// The columns that readers filter by only repeat the stream's name, which the hash covers. Were they changed alone,
/// the event would vanish from filtered readers.
fn agree(row: &SqliteRow, stream: &StreamId) -> Result<(), Cause> {
    let organization = stream.organization().map(|organization| organization.to_string());
    let partition = stream.partition().map(|partition| partition.to_string());
    if row.try_get::<&str, _>("category")? != stream.category() {
        return Err(ColumnError::Disagrees("category").into());
    }
    if row.try_get::<Option<&str>, _>("organization")? != organization.as_deref() {
        return Err(ColumnError::Disagrees("organization").into());
    }
    if row.try_get::<Option<&str>, _>("partition")? != partition.as_deref() {
        return Err(ColumnError::Disagrees("partition").into());
    }
    Ok(())
}

fn number<N: TryFrom<i64>>(row: &SqliteRow, column: &'static str) -> Result<N, Cause> {
    let number: i64 = row.try_get(column)?;
    N::try_from(number).map_err(|_| ColumnError::Range(column).into())
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
