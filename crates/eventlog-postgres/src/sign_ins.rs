use async_trait::async_trait;
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};
use vestibule_storage::{RecordedSignIn, SignInTrace, SignInTraceFilter, StorageError};

use crate::{PostgresStore, fault};

/// One round trip, and no wait for the disk: a crash of the server may take the last trace entries with it, and a flood of
/// refused sign-ins must not compete with appends for its writes.
///
/// The same sign-in again says more about it: the later word counts. Whoever does not get the lock of a (connection,
/// reason) leaves the pruning to the one who has it, so that two floods do not wait for each other's deletions.
const RECORD: &str = r"
WITH recorded AS (
    INSERT INTO sign_ins (id, organization, connection, reason, at_millis, expires_at_millis, document)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO UPDATE SET organization = excluded.organization, connection = excluded.connection,
        reason = excluded.reason, at_millis = excluded.at_millis, expires_at_millis = excluded.expires_at_millis,
        document = excluded.document
), pruned AS (
    DELETE FROM sign_ins WHERE id IN (
        SELECT id FROM sign_ins
        WHERE coalesce(connection, '00000000-0000-0000-0000-000000000000')
              = coalesce($3, '00000000-0000-0000-0000-000000000000')
          AND reason = $4 AND id <> $1
        ORDER BY at_millis DESC, id DESC OFFSET greatest($8 - 1, 0)
    ) AND (SELECT pg_try_advisory_xact_lock(hashtextextended(concat($3::text, ' ', $4), 0)))
)
SELECT set_config('synchronous_commit', 'off', true)";

#[async_trait]
impl SignInTrace for PostgresStore {
    async fn record(&self, sign_in: &RecordedSignIn, keep: u32) -> Result<(), StorageError> {
        let document = sign_in.document.to_string();
        if document.len() > RecordedSignIn::DOCUMENT_BYTES_MAX {
            let limit_bytes = RecordedSignIn::DOCUMENT_BYTES_MAX;
            return Err(StorageError::TooLarge { what: "the document of a sign-in", limit_bytes });
        }
        sqlx::query(RECORD)
            .bind(sign_in.id)
            .bind(sign_in.organization.map(OrganizationId::uuid))
            .bind(sign_in.connection.map(ConnectionId::uuid))
            .bind(&sign_in.reason)
            .bind(sign_in.at.unix_millis())
            .bind(sign_in.expires_at.unix_millis())
            .bind(document)
            .bind(i64::from(keep))
            .execute(&self.0.pool)
            .await
            .map_err(fault::storage)?;
        Ok(())
    }

    async fn find(&self, id: Uuid, now: Timestamp) -> Result<Option<RecordedSignIn>, StorageError> {
        let found = sqlx::query(
            "SELECT id, organization, connection, reason, at_millis, expires_at_millis, document FROM sign_ins
             WHERE id = $1 AND expires_at_millis > $2",
        )
        .bind(id)
        .bind(now.unix_millis())
        .fetch_optional(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        found.map(|row| sign_in(&row)).transpose()
    }

    async fn list(
        &self,
        filter: &SignInTraceFilter,
        now: Timestamp,
        max: u32,
    ) -> Result<Vec<RecordedSignIn>, StorageError> {
        let found = sqlx::query(
            "SELECT id, organization, connection, reason, at_millis, expires_at_millis, document FROM sign_ins
             WHERE expires_at_millis > $1 AND ($2::uuid IS NULL OR organization = $2)
               AND ($3::uuid IS NULL OR connection = $3) AND ($4::text IS NULL OR reason = $4)
               AND ($5::bigint IS NULL OR (at_millis, id) < ($5, $6)) ORDER BY at_millis DESC, id DESC LIMIT $7",
        )
        .bind(now.unix_millis())
        .bind(filter.organization.map(OrganizationId::uuid))
        .bind(filter.connection.map(ConnectionId::uuid))
        .bind(filter.reason.as_deref())
        .bind(filter.before.map(|(at, _)| at.unix_millis()))
        .bind(filter.before.map(|(_, id)| id))
        .bind(i64::from(max))
        .fetch_all(&self.0.pool)
        .await
        .map_err(fault::storage)?;
        found.iter().map(sign_in).collect()
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, StorageError> {
        let swept = sqlx::query("DELETE FROM sign_ins WHERE expires_at_millis <= $1")
            .bind(now.unix_millis())
            .execute(&self.0.pool)
            .await
            .map_err(fault::storage)?;
        Ok(swept.rows_affected())
    }
}

fn sign_in(row: &PgRow) -> Result<RecordedSignIn, StorageError> {
    let id: Uuid = row.try_get(0).map_err(fault::storage)?;
    let decode = || -> Result<RecordedSignIn, Box<dyn std::error::Error + Send + Sync>> {
        Ok(RecordedSignIn {
            id,
            organization: row.try_get::<Option<Uuid>, _>(1)?.map(OrganizationId::from_uuid),
            connection: row.try_get::<Option<Uuid>, _>(2)?.map(ConnectionId::from_uuid),
            reason: row.try_get(3)?,
            at: Timestamp::from_unix_millis(row.try_get(4)?),
            expires_at: Timestamp::from_unix_millis(row.try_get(5)?),
            document: serde_json::from_str(row.try_get(6)?)?,
        })
    };
    decode().map_err(|source| StorageError::Corrupt { table: "sign_ins", row: id.to_string(), source })
}
