use vestibule_eventlog::{AppendError, ReadError};
use vestibule_storage::StorageError;

/// The file's integers are signed; nothing that is counted here reaches their end.
pub(crate) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A limit for SQL.
pub(crate) fn rows(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

/// The database did not do what it was asked, and nothing was stored.
pub(crate) fn append(error: sqlx::Error) -> AppendError {
    AppendError::Unavailable(Box::new(error))
}

/// The database could not be read.
pub(crate) fn read(error: sqlx::Error) -> ReadError {
    ReadError::Unavailable(Box::new(error))
}

/// A companion table did not do what it was asked.
pub(crate) fn storage(error: sqlx::Error) -> StorageError {
    StorageError::Unavailable(Box::new(error))
}
