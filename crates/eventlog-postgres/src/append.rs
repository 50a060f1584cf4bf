//! Committing a group.
//!
//! Positions and hashes are computed here from what the server says of the end of the log and of the streams, and they are
//! right only if nothing is appended in between. Two ways lead there:
//!
//! - Look first, without a lock, then call `append_events`: it takes the lock and stores the rows if the end of the log is
//!   still where it was. Two round trips, and the lock is held only from the check to the COMMIT.
//! - When another process was faster: BEGIN and take the lock, look, store, COMMIT. Four round trips, and nobody can be
//!   faster. Processes that contend would overtake each other again at once, so the next groups go this way too.
//!
//! When the connection breaks before the answer is there, the lock does not say what became of the append: on the first
//! way the server may not have begun with it, and would store it after we have looked. So an append also brings the fence
//! that was looked up together with the end of the log, and `settle_append` moves the fence before it looks: from then
//! on the lost append is refused, whenever it arrives. Ending the old session instead would ask for rights over
//! other sessions, and a server that does not notice a broken connection would keep us waiting.

use std::sync::atomic::Ordering;

use sqlx::{ConnectOptions as _, Executor as _, PgConnection};
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
/// what was committed while we waited for the lock.
pub(crate) const BEGIN_AND_LOCK: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(8531352012944733548)";

/// After another process was faster, so many groups take the lock first.
const CAUTIOUS_GROUPS: u32 = 32;

impl PostgresStore {
    pub(crate) async fn commit_group(&self, group: &[Prepared]) -> Result<Answers, AppendError> {
        let question = Question::of(group);
        // Whoever is cancelled or fails from here on drops the connection, and the server rolls back.
        let mut slot = self.0.writer.lock().await;
        let answers = if self.0.cautious.load(Ordering::Relaxed) > 0 {
            self.0.cautious.fetch_sub(1, Ordering::Relaxed);
            None
        } else {
            self.look_then_lock(&mut slot, group, &question).await?
        };
        let answers = match answers {
            Some(answers) => answers,
            None => self.lock_then_look(&mut slot, group, &question).await?,
        };
        drop(slot);
        let head = answers.iter().flatten().map(|appended| appended.cursor.position()).max();
        self.0.told(head.unwrap_or(0));
        Ok(answers)
    }

    /// `None`, and nothing is stored, when another process was faster or a partition must be made.
    async fn look_then_lock(
        &self,
        slot: &mut Option<PgConnection>,
        group: &[Prepared],
        question: &Question,
    ) -> Result<Option<Answers>, AppendError> {
        let (mut connection, found) = self.look(slot.take(), question).await.map_err(fault::append)?;
        if question.partitions.iter().any(|partition| !found.made.contains(partition)) {
            *slot = Some(connection);
            return Ok(None);
        }
        let Found { snapshot, fence, .. } = found;
        let head = snapshot.head;
        let admission = admit(group, snapshot);
        let Some(last) = admission.rows.last() else {
            *slot = Some(connection);
            return Ok(Some(admission.answers));
        };
        match store(&mut connection, head, fence, &admission).await? {
            Ok(true) => *slot = Some(connection),
            Ok(false) => {
                *slot = Some(connection);
                self.0.cautious.store(CAUTIOUS_GROUPS, Ordering::Relaxed);
                return Ok(None);
            }
            Err(error) => self.settle(connection, last, error).await?,
        }
        Ok(Some(admission.answers))
    }

    async fn lock_then_look(
        &self,
        slot: &mut Option<PgConnection>,
        group: &[Prepared],
        question: &Question,
    ) -> Result<Answers, AppendError> {
        let mut connection = self.begin(slot.take()).await.map_err(fault::append)?;
        let Found { snapshot, made, fence } =
            look_up(&mut connection, question, self.0.epoch).await.map_err(fault::append)?;
        let head = snapshot.head;
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
        let stored = store(&mut connection, head, fence, &admission).await?.map_err(fault::append)?;
        if !stored {
            return Err(AppendError::Unavailable(Box::new(LockBroken)));
        }
        match connection.execute("COMMIT").await {
            Ok(_) => *slot = Some(connection),
            Err(error) => self.settle(connection, last, error).await?,
        }
        Ok(admission.answers)
    }

    /// Asks on the idle connection, and on a new one when that broke meanwhile: nothing was stored yet.
    async fn look(
        &self,
        idle: Option<PgConnection>,
        question: &Question,
    ) -> Result<(PgConnection, Found), sqlx::Error> {
        if let Some(mut connection) = idle {
            match look_up(&mut connection, question, self.0.epoch).await {
                Ok(found) => return Ok((connection, found)),
                Err(error) if fault::is_refusal(&error) => return Err(error),
                Err(error) => tracing::debug!(%error, "the idle connection for appends is replaced"),
            }
        }
        let mut connection = self.0.options.connect().await?;
        let found = look_up(&mut connection, question, self.0.epoch).await?;
        Ok((connection, found))
    }

    /// The same for a transaction that holds the append lock.
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

    /// The commit was sent and was not answered with success. Unless the server refused it, it may be done, under way or
    /// still to come. [`AppendError::Unavailable`] only when it is not stored and never will be.
    async fn settle(&self, broken: PgConnection, last: &Row<'_>, error: sqlx::Error) -> Result<(), AppendError> {
        drop(broken);
        if fault::is_refusal(&error) {
            return Err(fault::append(error));
        }
        tracing::warn!(%error, "the answer to a commit was lost: reading the outcome back");
        let stored = async {
            let mut connection = self.0.options.connect().await?;
            sqlx::query_scalar("SELECT settle_append($1, $2, $3)")
                .bind(fault::int(last.position))
                .bind(last.event.id.uuid())
                .bind(last.hash.as_slice())
                .fetch_one(&mut connection)
                .await
        };
        match stored.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(AppendError::Unavailable(Box::new(error))),
            Err(unsettled) => {
                tracing::warn!(error = %unsettled, "the outcome of a commit could not be read back");
                Err(AppendError::Unknown(Box::new(error)))
            }
        }
    }
}

/// Somebody appends without taking the lock.
#[derive(Debug, thiserror::Error)]
#[error("the end of the log or the fence moved while the append lock was held")]
struct LockBroken;

/// Calls `append_events`. The outer error is ours: nothing was sent.
async fn store(
    connection: &mut PgConnection,
    head: u64,
    fence: i64,
    admission: &Admission<'_>,
) -> Result<Result<bool, sqlx::Error>, AppendError> {
    let rows = &admission.rows;
    let metadata = rows.iter().map(|row| serde_json::to_string(row.metadata)).collect::<Result<Vec<_>, _>>();
    let metadata = metadata.map_err(|error| AppendError::Unprepared(Box::new(error)))?;
    let (taken, released): (Vec<_>, Vec<_>) = admission.reservations.iter().partition(|change| change.holder.is_some());
    let personal = |row: &Row<'_>| row.event.personal.as_ref().map(|personal| personal.person.uuid());
    let stored = sqlx::query_scalar(
        "SELECT append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
    )
    .bind(fault::int(head))
    .bind(fence)
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
    .fetch_one(connection)
    .await;
    Ok(stored)
}
