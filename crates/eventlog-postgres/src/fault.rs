use sqlx::postgres::{PgDatabaseError, PgSeverity};
use vestibule_eventlog::{AppendError, ReadError};
use vestibule_storage::StorageError;

/// The server's integers are signed; nothing that is counted here reaches their end.
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

/// Whether the server itself refused the statement and rolled back. Anything else leaves open what it did: a broken
/// connection, and a FATAL that ends the session, which may be sent after a COMMIT took effect.
pub(crate) fn is_refusal(error: &sqlx::Error) -> bool {
    let refused = |error: &PgDatabaseError| matches!(error.severity(), PgSeverity::Error);
    error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>()).is_some_and(refused)
}
