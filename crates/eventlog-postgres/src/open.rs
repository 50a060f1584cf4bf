use std::{
    collections::HashMap,
    str::FromStr as _,
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool, Row as _,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::{Mutex, watch};
use tracing::log::LevelFilter;
use vestibule_kernel::{Explain, Explanation, ExposeSecret as _, IdSource, Kind, SecretString, SystemIds};

use crate::changes;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How many connections serve everything but appends.
const READERS_MAX: u32 = 8;

/// How long a caller waits for one of them.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The first version that has what we rely on: row triggers on partitioned tables, `gen_random_uuid`.
const SERVER_VERSION_MIN: i32 = 130_000;

/// Limits that every connection asks the server to hold. The second one frees the append lock of a process that was cut
/// off in the middle of a transaction.
const SESSION: [(&str, &str); 8] = [
    ("statement_timeout", "20s"),
    ("idle_in_transaction_session_timeout", "5s"),
    ("default_transaction_isolation", "read committed"),
    // A few statements with parameters of always the same kind, each with an index made for it: planning them anew costs
    // more than running them, and a plan made while the tables were small must not scan them when they are large, nor read
    // twenty thousand events and sort them to answer with the first thousand.
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_sort", "off"),
    ("jit", "off"),
];

/// The event log and its companions in one PostgreSQL database. Clones share the connections.
#[derive(Clone)]
pub struct PostgresStore(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) options: PgConnectOptions,
    /// The one connection that appends; `None` before the first append and after a fault.
    pub(crate) writer: Mutex<Option<PgConnection>>,
    /// How many more groups take the lock before they look; see [`crate::append`].
    pub(crate) cautious: AtomicU32,
    pub(crate) pool: PgPool,
    pub(crate) epoch: u64,
    pub(crate) changes: watch::Sender<u64>,
}

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one of a PostgreSQL database.
    #[error("not a PostgreSQL URL: expected postgres://user@host:port/database?sslmode=verify-full")]
    Url(#[source] sqlx::Error),
    /// The server does not answer, or refuses the user.
    #[error("the PostgreSQL server does not let us in")]
    Connect(#[source] sqlx::Error),
    /// The server is older than PostgreSQL 13.
    #[error("PostgreSQL 13 or later is needed, the server's version number is {found}")]
    ServerTooOld {
        /// `server_version_num`.
        found: i32,
    },
    /// The server acknowledges commits that a crash takes back.
    #[error("synchronous_commit is off on the server: acknowledged events could be lost; set it to on")]
    NotDurable,
    /// The tables cannot be brought up to date: the user does not own them, or one step fails.
    #[error("the tables cannot be brought up to date: connect once as the user that owns them")]
    Migration(#[source] MigrateError),
    /// The tables have been migrated by a newer program, or a step was edited.
    #[error("the tables do not fit this program: migration {version} is unknown to it or was changed")]
    ForeignTables {
        /// The migration.
        version: i64,
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

impl PostgresStore {
    /// Connects to the database, brings its tables up to date when the user may and they are not, and checks that the
    /// store belongs to `environment`. A new store is stamped with it and never opened under another.
    ///
    /// TLS is a matter of the URL (`sslmode`, `sslrootcert`). Must be called within a tokio runtime: it starts the task
    /// that looks for what other processes append, which ends with the last clone.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn connect(url: &SecretString, environment: &str) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(url.expose_secret())
            .map_err(OpenError::Url)?
            .application_name("vestibule")
            .options(SESSION)
            .log_statements(LevelFilter::Off);
        let mut connection = PgConnection::connect_with(&options).await.map_err(OpenError::Connect)?;
        check_server(&mut connection).await?;
        migrate(&mut connection).await?;
        let epoch = stamp(&mut connection, environment).await?;
        let pool = PgPoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options.clone());
        let changes = watch::Sender::new(0);
        let inner = Arc::new(Inner {
            options,
            writer: Mutex::new(Some(connection)),
            cautious: AtomicU32::new(0),
            pool,
            epoch,
            changes,
        });
        changes::watch(&inner);
        Ok(Self(inner))
    }

    /// Gives the log a new epoch, so that cursors from before are refused. To be run after the database has been restored
    /// from a backup, because positions that readers have seen may now be given out again; takes effect when processes
    /// connect the next time.
    ///
    /// # Errors
    /// What the server says.
    pub async fn renew_epoch(&self) -> Result<(), OpenError> {
        // The store's own views were restored together with the log, so they stand where they stood: one statement, both
        // or nothing.
        let renewed =
            sqlx::query("WITH views AS (UPDATE view_checkpoints SET epoch = $1) UPDATE deployment SET epoch = $1");
        renewed.bind(fresh_epoch()).execute(&self.0.pool).await.map_err(OpenError::Connect)?;
        Ok(())
    }

    /// Closes all connections. An append that is under way is finished first.
    pub async fn close(&self) {
        if let Some(writer) = self.0.writer.lock().await.take() {
            // The server ends the session either way.
            let _closed = writer.close().await;
        }
        self.0.pool.close().await;
    }
}

async fn check_server(connection: &mut PgConnection) -> Result<(), OpenError> {
    let row = sqlx::query("SELECT current_setting('server_version_num')::int, current_setting('synchronous_commit')")
        .fetch_one(connection)
        .await
        .map_err(OpenError::Connect)?;
    let found: i32 = row.try_get(0).map_err(OpenError::Connect)?;
    if found < SERVER_VERSION_MIN {
        return Err(OpenError::ServerTooOld { found });
    }
    let synchronous: String = row.try_get(1).map_err(OpenError::Connect)?;
    if synchronous == "off" { Err(OpenError::NotDurable) } else { Ok(()) }
}

/// Runs the steps that are missing, under the lock that the migrator takes. A user who may not make tables can still open
/// a store that is up to date.
async fn migrate(connection: &mut PgConnection) -> Result<(), OpenError> {
    let known: HashMap<i64, &[u8]> = MIGRATIONS.iter().map(|step| (step.version, &*step.checksum)).collect();
    let applied = applied(connection).await.map_err(OpenError::Connect)?;
    for (version, checksum) in &applied {
        if known.get(version) != Some(&checksum.as_slice()) {
            return Err(OpenError::ForeignTables { version: *version });
        }
    }
    if applied.len() == known.len() {
        return Ok(());
    }
    MIGRATIONS.run(connection).await.map_err(OpenError::Migration)
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let found: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *connection).await?;
    if !found {
        return Ok(Vec::new());
    }
    sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success").fetch_all(connection).await
}

/// Stamps a new store, checks an old one; answers its epoch.
async fn stamp(connection: &mut PgConnection, environment: &str) -> Result<u64, OpenError> {
    // Looked at first: the restricted roles may not insert.
    let found = stamped(connection).await.map_err(OpenError::Connect)?;
    let (stamped, epoch) = if let Some(found) = found {
        found
    } else {
        sqlx::query("INSERT INTO deployment (environment, epoch) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(environment)
            .bind(fresh_epoch())
            .execute(&mut *connection)
            .await
            .map_err(OpenError::Connect)?;
        stamped(connection).await.map_err(OpenError::Connect)?.ok_or(OpenError::Connect(sqlx::Error::RowNotFound))?
    };
    if stamped == environment {
        Ok(epoch.unsigned_abs())
    } else {
        Err(OpenError::OtherEnvironment { stamped, asked: environment.to_owned() })
    }
}

async fn stamped(connection: &mut PgConnection) -> Result<Option<(String, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT environment, epoch FROM deployment").fetch_optional(connection).await
}

/// Positive as a signed integer too, and never 0.
fn fresh_epoch() -> i64 {
    let ids: &dyn IdSource = &SystemIds;
    i64::from_be_bytes(ids.bytes()) & i64::MAX | 1
}

impl Explain for OpenError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Url(_) => Explanation::new(Kind::Invalid, "STORE_URL_INVALID"),
            Self::Connect(_) => Explanation::new(Kind::Unavailable, "STORE_UNAVAILABLE"),
            Self::ServerTooOld { .. } => Explanation::new(Kind::Precondition, "STORE_SERVER_TOO_OLD"),
            Self::NotDurable => Explanation::new(Kind::Precondition, "STORE_NOT_DURABLE"),
            Self::Migration(_) => Explanation::new(Kind::Precondition, "STORE_NOT_MIGRATED"),
            Self::ForeignTables { .. } => Explanation::new(Kind::Precondition, "STORE_OF_ANOTHER_VERSION"),
            Self::OtherEnvironment { .. } => Explanation::new(Kind::Precondition, "STORE_OF_ANOTHER_ENVIRONMENT"),
        }
    }
}
