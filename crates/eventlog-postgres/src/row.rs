use std::error::Error;

use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;
use vestibule_eventlog::{Cursor, Hash, ReadError, Recorded, StoredPersonal, StreamId, Version};
use vestibule_kernel::{EventId, PersonId, Timestamp};

/// What is selected of an event, in the order in which [`recorded`] takes it: to look columns up by name costs more than
/// to read them.
macro_rules! columns {
    () => {
        "position, stream, version, id, name, revision, recorded_at_millis, metadata, data, person, ciphertext, hash"
    };
}

pub(crate) use columns;

/// The place of what is selected behind [`columns`].
pub(crate) const BEHIND_COLUMNS: usize = 12;

/// Reads a row that begins with [`columns`].
pub(crate) fn recorded(row: &PgRow, epoch: u64) -> Result<Recorded, ReadError> {
    let position = row.try_get::<i64, _>(0).map_err(crate::fault::read)?.unsigned_abs();
    decode(row, Cursor::at(epoch, position)).map_err(|source| ReadError::Corrupt { position, source })
}

fn decode(row: &PgRow, cursor: Cursor) -> Result<Recorded, Box<dyn Error + Send + Sync>> {
    let personal = row.try_get::<Option<Uuid>, _>(9)?.zip(row.try_get::<Option<Vec<u8>>, _>(10)?);
    Ok(Recorded {
        cursor,
        stream: row.try_get::<&str, _>(1)?.parse::<StreamId>()?,
        version: Version(row.try_get::<i64, _>(2)?.unsigned_abs()),
        id: EventId::from_uuid(row.try_get(3)?),
        name: row.try_get(4)?,
        revision: u16::try_from(row.try_get::<i32, _>(5)?)?,
        recorded_at: Timestamp::from_unix_millis(row.try_get(6)?),
        metadata: serde_json::from_str(row.try_get(7)?)?,
        data: row.try_get(8)?,
        personal: personal
            .map(|(person, ciphertext)| StoredPersonal { person: PersonId::from_uuid(person), ciphertext }),
        hash: hash(row.try_get(11)?)?,
    })
}

pub(crate) fn hash(bytes: &[u8]) -> Result<Hash, std::array::TryFromSliceError> {
    bytes.try_into()
}
