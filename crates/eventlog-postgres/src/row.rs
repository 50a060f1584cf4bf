use std::error::Error;

use sqlx::{FromRow, postgres::PgRow};
use uuid::Uuid;
use vestibule_eventlog::{Cursor, Hash, ReadError, Recorded, StoredPersonal, StreamId, Version};
use vestibule_kernel::{EventId, PersonId, Timestamp};

/// A row of `events`, in the columns of [`COLUMNS`](crate::read).
#[derive(FromRow)]
pub(crate) struct EventRow {
    position: i64,
    stream: String,
    version: i64,
    id: Uuid,
    name: String,
    revision: i32,
    recorded_at_millis: i64,
    metadata: String,
    data: String,
    person: Option<Uuid>,
    ciphertext: Option<Vec<u8>>,
    hash: Vec<u8>,
}

impl EventRow {
    pub(crate) fn recorded(row: &PgRow, epoch: u64) -> Result<Recorded, ReadError> {
        let row = Self::from_row(row).map_err(|error| ReadError::Corrupt { position: 0, source: error.into() })?;
        let position = row.position.unsigned_abs();
        row.into_recorded(epoch).map_err(|source| ReadError::Corrupt { position, source })
    }

    fn into_recorded(self, epoch: u64) -> Result<Recorded, Box<dyn Error + Send + Sync>> {
        let personal = self.person.zip(self.ciphertext);
        Ok(Recorded {
            id: EventId::from_uuid(self.id),
            stream: self.stream.parse::<StreamId>()?,
            version: Version(self.version.unsigned_abs()),
            cursor: Cursor::at(epoch, self.position.unsigned_abs()),
            name: self.name,
            revision: u16::try_from(self.revision)?,
            recorded_at: Timestamp::from_unix_millis(self.recorded_at_millis),
            metadata: serde_json::from_str(&self.metadata)?,
            data: self.data,
            personal: personal
                .map(|(person, ciphertext)| StoredPersonal { person: PersonId::from_uuid(person), ciphertext }),
            hash: hash(&self.hash)?,
        })
    }
}

pub(crate) fn hash(bytes: &[u8]) -> Result<Hash, std::array::TryFromSliceError> {
    bytes.try_into()
}
