use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Row as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tempfile::TempDir;
use tokio::sync::watch;
use vestibule_kernel::{IdSource, SystemIds};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// How many connections read at the same time.
const READERS_MAX: u32 = 4;

/// How long a statement waits for another process's write lock before the store counts as unavailable.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a statement waits for a connection of ours.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The event log and its companions in one SQLite file. Clones share the connections.
#[derive(Clone)]
pub struct SqliteStore(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    /// The one connection that writes.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    pub(crate) epoch: u64,
    pub(crate) changes: watch::Sender<u64>,
    /// Removed with the last clone, for temporary stores.
    _directory: Option<TempDir>,
}

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be made, or its permissions cannot be set.
    #[error("the database file {} cannot be opened", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// SQLite does not open it.
    #[error("the database {} cannot be opened", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// Its tables cannot be brought up to date, or are of a newer program.
    #[error("the tables of {} cannot be brought up to date", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: sqlx::migrate::MigrateError,
    },
    /// The store belongs to another environment.
    #[error("the store belongs to environment {stamped:?}, not {asked:?}")]
    OtherEnvironment {
        /// The environment it was made for.
        stamped: String,
        /// The environment it was opened for.
        asked: String,
    },
}

impl SqliteStore {
    /// Opens the store in the file `path`, and makes it when it is not there (permissions 0600). A new store is stamped
    /// with `environment`; it is never opened under another.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(path: &Path, environment: &str) -> Result<Self, OpenError> {
        Self::open_in(path, environment, None).await
    }

    /// A store in a temporary directory that is removed with its last clone: for tests and trials.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn temporary() -> Result<Self, OpenError> {
        let directory = tempfile::Builder::new().prefix("vestibule-").tempdir();
        let directory = directory.map_err(|source| OpenError::File { path: std::env::temp_dir(), source })?;
        let path = directory.path().join("vestibule.db");
        Self::open_in(&path, "temporary", Some(directory)).await
    }

    async fn open_in(path: &Path, environment: &str, directory: Option<TempDir>) -> Result<Self, OpenError> {
        make_private(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let database = |source| OpenError::Database { path: path.to_owned(), source };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a power cut must not take back an acknowledged event.
            .synchronous(SqliteSynchronous::Full)
            // Destroyed keys are overwritten, not just unlinked.
            .pragma("secure_delete", "ON")
            // REPLACE must meet the triggers that protect the rows.
            .pragma("recursive_triggers", "ON")
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.clone())
            .await
            .map_err(database)?;
        let migrated = MIGRATIONS.run(&writer).await;
        migrated.map_err(|source| OpenError::Migration { path: path.to_owned(), source })?;
        let (stamped, epoch) = stamp(&writer, environment).await.map_err(database)?;
        if stamped != environment {
            return Err(OpenError::OtherEnvironment { stamped, asked: environment.to_owned() });
        }
        let readers = SqlitePoolOptions::new().max_connections(READERS_MAX).acquire_timeout(ACQUIRE_TIMEOUT);
        let readers = readers.connect_with(options.read_only(true)).await.map_err(database)?;
        let changes = watch::Sender::new(0);
        Ok(Self(Arc::new(Inner { writer, readers, epoch, changes, _directory: directory })))
    }

    /// Gives the store in `path` a new epoch, after it was restored from an older copy: cursors of the time before are
    /// refused from then on, instead of skipping what takes the place of the lost events. The store's own views go on.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn renew_epoch(path: &Path, environment: &str) -> Result<(), OpenError> {
        let store = Self::open(path, environment).await?;
        let renewed = renew(&store.0.writer).await;
        store.close().await;
        renewed.map_err(|source| OpenError::Database { path: path.to_owned(), source })
    }

    /// Waits for what is being written, and closes the file.
    pub async fn close(&self) {
        self.0.readers.close().await;
        self.0.writer.close().await;
    }
}

/// Only the owner may read what is stored, also in the WAL, which takes the permissions of the file.
fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

/// Stamps a new store; answers the environment and the epoch that the store has.
async fn stamp(writer: &SqlitePool, environment: &str) -> Result<(String, u64), sqlx::Error> {
    sqlx::query("INSERT INTO deployment (only_one, environment, epoch) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING")
        .bind(environment)
        .bind(fresh_epoch())
        .execute(writer)
        .await?;
    let row = sqlx::query("SELECT environment, epoch FROM deployment").fetch_one(writer).await?;
    Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs()))
}

async fn renew(writer: &SqlitePool) -> Result<(), sqlx::Error> {
    let epoch = fresh_epoch();
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("UPDATE deployment SET epoch = ?1").bind(epoch).execute(&mut *transaction).await?;
    // Views were restored together with the log, so they stand where they stood.
    sqlx::query("UPDATE view_checkpoints SET epoch = ?1").bind(epoch).execute(&mut *transaction).await?;
    transaction.commit().await
}

/// Random, positive, and never 0.
fn fresh_epoch() -> i64 {
    let ids: &dyn IdSource = &SystemIds;
    i64::from_be_bytes(ids.bytes()) & i64::MAX | 1
}
