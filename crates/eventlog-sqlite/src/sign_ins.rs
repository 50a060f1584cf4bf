use async_trait::async_trait;
use sqlx::{Row as _, sqlite::SqliteRow};
use uuid::Uuid;
use vestibule_kernel::Timestamp;
use vestibule_storage::{RecordedSignIn, SignInTrace, SignInTraceFilter, StorageError};

use crate::{SqliteStore, fault, row};

#[async_trait]
impl SignInTrace for SqliteStore {
    async fn record(&self, sign_in: &RecordedSignIn, keep: u32) -> Result<(), StorageError> {
        let document = sign_in.document.to_string();
        if document.len() > RecordedSignIn::DOCUMENT_BYTES_MAX {
            let limit_bytes = RecordedSignIn::DOCUMENT_BYTES_MAX;
            return Err(StorageError::TooLarge { what: "the document of a sign-in", limit_bytes });
        }
        self.record_bounded(sign_in, &document, keep).await.map_err(fault::storage)
    }

    async fn find(&self, id: Uuid, now: Timestamp) -> Result<Option<RecordedSignIn>, StorageError> {
        let found = sqlx::query("SELECT * FROM sign_ins WHERE id = ?1 AND expires_at > ?2")
            .bind(id.as_bytes().as_slice())
            .bind(now.unix_millis())
            .fetch_optional(&self.0.readers)
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
            "SELECT * FROM sign_ins WHERE expires_at > ?1 AND (?2 IS NULL OR organization = ?2)
             AND (?3 IS NULL OR connection = ?3) AND (?4 IS NULL OR reason = ?4)
             AND (?5 IS NULL OR (at, id) < (?5, ?6)) ORDER BY at DESC, id DESC LIMIT ?7",
        )
        .bind(now.unix_millis())
        .bind(filter.organization.map(|organization| organization.to_string()))
        .bind(filter.connection.map(|connection| connection.to_string()))
        .bind(filter.reason.as_deref())
        .bind(filter.before.map(|(at, _)| at.unix_millis()))
        .bind(filter.before.map(|(_, id)| id.as_bytes().to_vec()))
        .bind(i64::from(max))
        .fetch_all(&self.0.readers)
        .await
        .map_err(fault::storage)?;
        found.iter().map(sign_in).collect()
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, StorageError> {
        let swept = sqlx::query("DELETE FROM sign_ins WHERE expires_at <= ?1")
            .bind(now.unix_millis())
            .execute(&self.0.writer)
            .await
            .map_err(fault::storage)?;
        Ok(swept.rows_affected())
    }
}

impl SqliteStore {
    async fn record_bounded(&self, sign_in: &RecordedSignIn, document: &str, keep: u32) -> Result<(), sqlx::Error> {
        let connection = sign_in.connection.map(|connection| connection.to_string());
        let mut transaction = self.0.writer.begin_with("BEGIN IMMEDIATE").await?;
        // The same sign-in again says more about it: the later word counts.
        sqlx::query(
            "INSERT INTO sign_ins (id, organization, connection, reason, at, expires_at, document)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET organization = excluded.organization, connection = excluded.connection,
             reason = excluded.reason, at = excluded.at, expires_at = excluded.expires_at, document = excluded.document",
        )
        .bind(sign_in.id.as_bytes().as_slice())
        .bind(sign_in.organization.map(|organization| organization.to_string()))
        .bind(&connection)
        .bind(&sign_in.reason)
        .bind(sign_in.at.unix_millis())
        .bind(sign_in.expires_at.unix_millis())
        .bind(document)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE connection IS ?1 AND reason = ?2
             ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?3)",
        )
        .bind(&connection)
        .bind(&sign_in.reason)
        .bind(i64::from(keep))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}

fn sign_in(row: &SqliteRow) -> Result<RecordedSignIn, StorageError> {
    let id = row::uuid(row, "id").map_err(fault::storage)?;
    let decode = || -> Result<RecordedSignIn, Box<dyn std::error::Error + Send + Sync>> {
        Ok(RecordedSignIn {
            id,
            organization: row.try_get::<Option<&str>, _>("organization")?.map(str::parse).transpose()?,
            connection: row.try_get::<Option<&str>, _>("connection")?.map(str::parse).transpose()?,
            reason: row.try_get("reason")?,
            at: Timestamp::from_unix_millis(row.try_get("at")?),
            expires_at: Timestamp::from_unix_millis(row.try_get("expires_at")?),
            document: serde_json::from_str(row.try_get("document")?)?,
        })
    };
    decode().map_err(|source| StorageError::Corrupt { table: "sign_ins", row: id.to_string(), source })
}
