use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use vestibule_eventlog::{Cursor, ReadError, ViewWrite, Views};
use vestibule_kernel::OrganizationId;

use crate::{PostgresStore, fault};

/// Moves the checkpoint and stores the writes, all in one statement: when the checkpoint is not where it should be, no
/// other part finds anything to do. Of two processes the second waits for the first and then finds it moved.
const ADVANCE: &str = r"
WITH moved AS (
    UPDATE view_checkpoints SET epoch = $2, position = $3 WHERE view = $1 AND epoch = $9 AND position = $10 RETURNING 1
), put AS (
    INSERT INTO view_entries (view, organization, key, entry)
    SELECT $1, asked.* FROM unnest($4::text[], $5::text[], $6::text[]) AS asked (organization, key, entry)
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (view, organization, key) DO UPDATE SET entry = excluded.entry
), removed AS (
    DELETE FROM view_entries AS v USING unnest($7::text[], $8::text[]) AS gone (organization, key)
    WHERE v.view = $1 AND v.organization = gone.organization AND v.key = gone.key AND EXISTS (SELECT FROM moved)
)
SELECT EXISTS (SELECT FROM moved)";

/// The same for a view that is new.
const BEGIN_VIEW: &str = r"
WITH moved AS (
    INSERT INTO view_checkpoints (view, epoch, position) VALUES ($1, $2, $3) ON CONFLICT (view) DO NOTHING RETURNING 1
), put AS (
    INSERT INTO view_entries (view, organization, key, entry)
    SELECT $1, asked.* FROM unnest($4::text[], $5::text[], $6::text[]) AS asked (organization, key, entry)
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (view, organization, key) DO UPDATE SET entry = excluded.entry
), removed AS (
    DELETE FROM view_entries AS v USING unnest($7::text[], $8::text[]) AS gone (organization, key)
    WHERE v.view = $1 AND v.organization = gone.organization AND v.key = gone.key AND EXISTS (SELECT FROM moved)
)
SELECT EXISTS (SELECT FROM moved)";

#[async_trait]
impl Views for PostgresStore {
    async fn checkpoint(&self, view: &str) -> Result<Option<Cursor>, ReadError> {
        let found: Option<(i64, i64)> = sqlx::query_as("SELECT epoch, position FROM view_checkpoints WHERE view = $1")
            .bind(view)
            .fetch_optional(&self.0.pool)
            .await
            .map_err(fault::read)?;
        Ok(found.map(|(epoch, position)| Cursor::at(epoch.unsigned_abs(), position.unsigned_abs())))
    }

    async fn advance(
        &self,
        view: &str,
        from: Option<Cursor>,
        to: Cursor,
        writes: &[ViewWrite],
    ) -> Result<bool, ReadError> {
        // The last write to an entry counts.
        let mut last: BTreeMap<(String, &str), Option<&Value>> = BTreeMap::new();
        for write in writes {
            last.insert((owner(write.organization), &write.key), write.entry.as_ref());
        }
        let (put, removed): (Vec<_>, Vec<_>) = last.iter().partition(|(_, entry)| entry.is_some());
        let query = sqlx::query_scalar(if from.is_some() { ADVANCE } else { BEGIN_VIEW })
            .bind(view)
            .bind(fault::int(to.epoch()))
            .bind(fault::int(to.position()))
            .bind(put.iter().map(|((owner, _), _)| owner.as_str()).collect::<Vec<_>>())
            .bind(put.iter().map(|((_, key), _)| *key).collect::<Vec<_>>())
            .bind(put.iter().filter_map(|(_, entry)| **entry).map(Value::to_string).collect::<Vec<_>>())
            .bind(removed.iter().map(|((owner, _), _)| owner.as_str()).collect::<Vec<_>>())
            .bind(removed.iter().map(|((_, key), _)| *key).collect::<Vec<_>>());
        let query = match from {
            Some(from) => query.bind(fault::int(from.epoch())).bind(fault::int(from.position())),
            None => query,
        };
        query.fetch_one(&self.0.pool).await.map_err(fault::read)
    }

    async fn get(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        key: &str,
    ) -> Result<Option<Value>, ReadError> {
        let found: Option<(String, String)> =
            sqlx::query_as("SELECT key, entry FROM view_entries WHERE view = $1 AND organization = $2 AND key = $3")
                .bind(view)
                .bind(owner(organization))
                .bind(key)
                .fetch_optional(&self.0.pool)
                .await
                .map_err(fault::read)?;
        Ok(found.map(parsed).transpose()?.map(|(_, entry)| entry))
    }

    async fn list(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Value)>, ReadError> {
        let found: Vec<(String, String)> = sqlx::query_as(
            "SELECT key, entry FROM view_entries WHERE view = $1 AND organization = $2 AND ($3::text IS NULL OR key > $3)
             ORDER BY key LIMIT $4",
        )
        .bind(view)
        .bind(owner(organization))
        .bind(after)
        .bind(fault::rows(max))
        .fetch_all(&self.0.pool)
        .await
        .map_err(fault::read)?;
        found.into_iter().map(parsed).collect()
    }
}

/// How the owner of an entry is stored; part of the primary key, so never NULL.
fn owner(organization: Option<OrganizationId>) -> String {
    organization.map(|organization| organization.to_string()).unwrap_or_default()
}

fn parsed((key, entry): (String, String)) -> Result<(String, Value), ReadError> {
    let entry = serde_json::from_str(&entry).map_err(|error| fault::read(sqlx::Error::Decode(error.into())))?;
    Ok((key, entry))
}
