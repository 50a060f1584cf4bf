use sqlx::{ConnectOptions as _, Executor as _, PgConnection};
use uuid::Uuid;
use vestibule_eventlog::{
    AppendError, Appended, Prepared,
    admission::{Admission, Question, Row, admit},
};

use crate::{
    PostgresStore, fault,
    snapshot::{Found, label, look_up},
};

type Answers = Vec<Result<Appended, AppendError>>;

/// Begins a transaction and takes the append lock, in one round trip. READ COMMITTED, because the next statement must see
/// what was committed while we waited for the lock. The lock's key spells "vestibul" in ASCII.
pub(crate) const BEGIN_AND_LOCK: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(8531352012944733548)";

/// Everything that a group changes, in one statement.
const STORE: &str = r"
WITH taken AS (
    INSERT INTO reservations (scope, key, stream)
    SELECT * FROM unnest($14::text[], $15::text[], $16::text[])
    ON CONFLICT (scope, key) DO UPDATE SET stream = excluded.stream
), released AS (
    DELETE FROM reservations AS r USING unnest($17::text[], $18::text[]) AS gone (scope, key)
    WHERE r.scope = gone.scope AND r.key = gone.key
)
INSERT INTO events (position, label, stream, version, id, name, revision, recorded_at_millis, metadata, data, person,
                    ciphertext, hash)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::int[],
                     $8::bigint[], $9::text[], $10::text[], $11::uuid[], $12::bytea[], $13::bytea[])";

impl PostgresStore {
    pub(crate) async fn commit_group(&self, group: &[Prepared]) -> Result<Answers, AppendError> {
        let question = Question::of(group);
        // Whoever is cancelled or fails from here on drops the connection, and the server rolls back.
        let mut slot = self.0.writer.lock().await;
        let mut connection = self.begin(slot.take()).await.map_err(fault::append)?;
        let Found { snapshot, made } =
            look_up(&mut connection, &question, self.0.epoch).await.map_err(fault::append)?;
        let admission = admit(group, snapshot);
        let Some(last) = admission.rows.last() else {
            connection.execute("ROLLBACK").await.map_err(fault::append)?;
            *slot = Some(connection);
            return Ok(admission.answers);
        };
        for (category, month) in question.partitions.iter().filter(|partition| !made.contains(partition)) {
            let make = sqlx::query("SELECT make_partition($1, $2)").bind(category).bind(month.to_string());
            make.execute(&mut connection).await.map_err(fault::append)?;
        }
        store(&mut connection, &admission).await?;
        match connection.execute("COMMIT").await {
            Ok(_) => *slot = Some(connection),
            Err(error) if fault::is_refusal(&error) => return Err(fault::append(error)),
            Err(error) => {
                drop(connection);
                self.read_back(last.event.id.uuid(), error).await?;
            }
        }
        drop(slot);
        self.0.told(last.position);
        Ok(admission.answers)
    }

    /// A connection on which a transaction holds the append lock. A connection that broke while it was idle is replaced:
    /// nothing was asked of it yet.
    async fn begin(&self, idle: Option<PgConnection>) -> Result<PgConnection, sqlx::Error> {
        if let Some(mut connection) = idle {
            match connection.execute(BEGIN_AND_LOCK).await {
                Ok(_) => return Ok(connection),
                Err(error) if fault::is_refusal(&error) => return Err(error),
                Err(error) => tracing::debug!(%error, "the idle connection for appends is replaced"),
            }
        }
        let mut connection = self.0.options.connect().await?;
        connection.execute(BEGIN_AND_LOCK).await?;
        Ok(connection)
    }

    /// COMMIT was sent and its answer was lost. The server may still be at it, and holds the append lock until it is done
    /// with it: once we have the lock, the transaction is over, and its rows are there or never will be.
    async fn read_back(&self, id: Uuid, lost: sqlx::Error) -> Result<(), AppendError> {
        tracing::warn!(error = %lost, "the answer to a COMMIT was lost: reading the outcome back");
        let found = async {
            let mut connection = self.begin(None).await?;
            let found: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM events WHERE id = $1)")
                .bind(id)
                .fetch_one(&mut connection)
                .await?;
            Ok::<_, sqlx::Error>(found)
        };
        match found.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(AppendError::Unavailable(Box::new(lost))),
            Err(_) => Err(AppendError::Unknown(Box::new(lost))),
        }
    }
}

async fn store(connection: &mut PgConnection, admission: &Admission<'_>) -> Result<(), AppendError> {
    let rows = &admission.rows;
    let metadata = rows.iter().map(|row| serde_json::to_string(row.metadata)).collect::<Result<Vec<_>, _>>();
    let metadata = metadata.map_err(|error| AppendError::Unprepared(Box::new(error)))?;
    let (taken, released): (Vec<_>, Vec<_>) = admission.reservations.iter().partition(|change| change.holder.is_some());
    let personal = |row: &Row<'_>| row.event.personal.as_ref().map(|personal| personal.person.uuid());
    sqlx::query(STORE)
        .bind(rows.iter().map(|row| fault::int(row.position)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| label(row.stream)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.stream.to_string()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| fault::int(row.version.0)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.event.id.uuid()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.event.name).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| i32::from(row.event.revision)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.recorded_at.unix_millis()).collect::<Vec<_>>())
        .bind(metadata)
        .bind(rows.iter().map(|row| row.event.data.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(personal).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.event.personal.as_ref().map(|it| &*it.ciphertext)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.hash.as_slice()).collect::<Vec<_>>())
        .bind(taken.iter().map(|change| change.scope.as_str()).collect::<Vec<_>>())
        .bind(taken.iter().map(|change| change.key.as_str()).collect::<Vec<_>>())
        .bind(taken.iter().filter_map(|change| change.holder.as_ref()).map(ToString::to_string).collect::<Vec<_>>())
        .bind(released.iter().map(|change| change.scope.as_str()).collect::<Vec<_>>())
        .bind(released.iter().map(|change| change.key.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map_err(fault::append)?;
    Ok(())
}
