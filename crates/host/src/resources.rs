use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::{Archive, EventLog, Views, snapshot::Snapshots};
use vestibule_eventlog_postgres::PostgresStore;
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_kernel::{Clock, IdSource};
use vestibule_storage::{ExpiringRecords, KeyStore, KeyTable, MasterKey, MasterKeyError, SignInTrace, SnapshotTable};

use crate::{PublicUrl, config};

/// The embedded store's file in the data directory.
const SQLITE_FILE: &str = "vestibule.db";
/// The master key's file in the data directory.
const MASTER_KEY_FILE: &str = "master.key";

/// What a service is started with. Cheap to clone.
#[derive(Clone)]
pub struct Resources {
    /// The event log.
    pub log: EventLog,
    /// The store itself, for what looks after the log: checkpoints, verification, archiving.
    pub archive: Arc<dyn Archive>,
    /// Views kept in the store.
    pub views: Arc<dyn Views>,
    /// Keys.
    pub keys: KeyStore,
    /// Records that expire.
    pub expiring: Arc<dyn ExpiringRecords>,
    /// The trace of sign-ins.
    pub traces: Arc<dyn SignInTrace>,
    /// Snapshots of views; use [`Self::snapshots`].
    pub snapshot_table: Arc<dyn SnapshotTable>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn IdSource>,
    /// Cancelled when the process ends.
    pub stop: CancellationToken,
    /// Cancelled when calls that would go on for ever shall come to an end: before the others are waited for.
    pub ending: CancellationToken,
    /// The address of the gateway.
    pub public_url: PublicUrl,
}

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory cannot be made.
    #[error("the data directory {} cannot be made", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file with the database's URL cannot be read.
    #[error("{} cannot be read; it must hold the URL postgres://user:password@host/database", path.display())]
    UrlFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The embedded store.
    #[error(transparent)]
    Sqlite(#[from] vestibule_eventlog_sqlite::OpenError),
    /// PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] vestibule_eventlog_postgres::OpenError),
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
}

impl Resources {
    /// Opens the store that the configuration names, and the keys in it.
    ///
    /// # Errors
    /// [`OpenError`]; each says what to do.
    pub async fn open(
        deployment: &config::Deployment,
        store: &config::Store,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        stop: CancellationToken,
    ) -> Result<Self, OpenError> {
        let directory = &deployment.data_directory;
        make_private_directory(directory).map_err(|source| OpenError::Directory { path: directory.clone(), source })?;
        let master_path = store.master_key_file.clone().unwrap_or_else(|| directory.join(MASTER_KEY_FILE));
        let master = MasterKey::open_or_create(&master_path, &*ids)?;
        let url = deployment.public_url.clone();
        if let Some(path) = &store.postgres_url_file {
            let read = fs::read_to_string(path);
            let text = read.map_err(|source| OpenError::UrlFile { path: path.clone(), source })?;
            let store = PostgresStore::connect(&SecretString::from(text.trim()), &deployment.environment).await?;
            Ok(Self::over(store, master, url, clock, ids, stop))
        } else {
            let store = SqliteStore::open(&directory.join(SQLITE_FILE), &deployment.environment).await?;
            Ok(Self::over(store, master, url, clock, ids, stop))
        }
    }

    /// The snapshots of views of the log.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        Snapshots::new(Arc::clone(&self.snapshot_table), self.log.clone())
    }

    /// Everything over one opened store. Must be called within a tokio runtime.
    pub fn over<S>(
        store: S,
        master: MasterKey,
        public_url: PublicUrl,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        stop: CancellationToken,
    ) -> Self
    where
        S: Archive + Views + KeyTable + ExpiringRecords + SignInTrace + SnapshotTable + Clone + 'static,
    {
        let keys = KeyStore::new(Arc::new(store.clone()), master, clock.clone(), ids.clone());
        let log = EventLog::new(Arc::new(store.clone()), keys.clone(), clock.clone(), ids.clone());
        Self {
            log,
            archive: Arc::new(store.clone()),
            views: Arc::new(store.clone()),
            keys,
            expiring: Arc::new(store.clone()),
            traces: Arc::new(store.clone()),
            snapshot_table: Arc::new(store),
            clock,
            ids,
            ending: stop.clone(),
            stop,
            public_url,
        }
    }
}

fn make_private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
