use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use vestibule_eventlog::{Cursor, ReadError, ViewWrite, Views};
use vestibule_kernel::OrganizationId;

use crate::{SqliteStore, fault};

#[async_trait]
impl Views for SqliteStore {
    async fn checkpoint(&self, view: &str) -> Result<Option<Cursor>, ReadError> {
        let mut reader = self.0.readers.acquire().await.map_err(fault::read)?;
        checkpoint(&mut reader, view).await.map_err(fault::read)
    }

    async fn advance(
        &self,
        view: &str,
        from: Option<Cursor>,
        to: Cursor,
        writes: &[ViewWrite],
    ) -> Result<bool, ReadError> {
        self.advance_view(view, from, to, writes).await.map_err(fault::read)
    }

    async fn get(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        key: &str,
    ) -> Result<Option<Value>, ReadError> {
        let found =
            sqlx::query("SELECT key, entry FROM view_entries WHERE view = ?1 AND organization = ?2 AND key = ?3")
                .bind(view)
                .bind(owner(organization))
                .bind(key)
                .fetch_optional(&self.0.readers)
                .await
                .map_err(fault::read)?;
        Ok(found.map(|row| entry(&row)).transpose().map_err(fault::read)?.map(|(_, entry)| entry))
    }

    async fn list(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Value)>, ReadError> {
        let found = sqlx::query(
            "SELECT key, entry FROM view_entries WHERE view = ?1 AND organization = ?2 AND (?3 IS NULL OR key > ?3)
             ORDER BY key LIMIT ?4",
        )
        .bind(view)
        .bind(owner(organization))
        .bind(after)
        .bind(fault::rows(max))
        .fetch_all(&self.0.readers)
        .await
        .map_err(fault::read)?;
        found.iter().map(entry).collect::<Result<_, _>>().map_err(fault::read)
    }
}

impl SqliteStore {
    async fn advance_view(
        &self,
        view: &str,
        from: Option<Cursor>,
        to: Cursor,
        writes: &[ViewWrite],
    ) -> Result<bool, sqlx::Error> {
        // The last write to an entry counts.
        let mut last: BTreeMap<(String, &str), Option<&Value>> = BTreeMap::new();
        for write in writes {
            last.insert((owner(write.organization), &write.key), write.entry.as_ref());
        }
        let put: Vec<_> =
            last.iter().filter_map(|(name, entry)| Some((&name.0, name.1, (*entry)?.to_string()))).collect();
        let removed: Vec<_> =
            last.iter().filter(|(_, entry)| entry.is_none()).map(|(name, _)| (&name.0, name.1)).collect();
        let mut transaction = self.0.writer.begin_with("BEGIN IMMEDIATE").await?;
        if checkpoint(&mut transaction, view).await? != from {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO view_checkpoints (view, epoch, position) VALUES (?1, ?2, ?3)
             ON CONFLICT (view) DO UPDATE SET epoch = excluded.epoch, position = excluded.position",
        )
        .bind(view)
        .bind(fault::int(to.epoch()))
        .bind(fault::int(to.position()))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM view_entries WHERE view = ?1
             AND (organization, key) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2))",
        )
        .bind(view)
        .bind(json!(removed).to_string())
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO view_entries (view, organization, key, entry)
             SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2) WHERE true
             ON CONFLICT (view, organization, key) DO UPDATE SET entry = excluded.entry",
        )
        .bind(view)
        .bind(json!(put).to_string())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn checkpoint(connection: &mut SqliteConnection, view: &str) -> Result<Option<Cursor>, sqlx::Error> {
    let found = sqlx::query("SELECT epoch, position FROM view_checkpoints WHERE view = ?1")
        .bind(view)
        .fetch_optional(connection)
        .await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(Cursor::at(row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get::<i64, _>(1)?.unsigned_abs())))
}

/// How the owner of an entry is stored; part of the primary key, so never NULL.
fn owner(organization: Option<OrganizationId>) -> String {
    organization.map(|organization| organization.to_string()).unwrap_or_default()
}

fn entry(row: &SqliteRow) -> Result<(String, Value), sqlx::Error> {
    let entry = serde_json::from_str(row.try_get(1)?).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok((row.try_get(0)?, entry))
}
