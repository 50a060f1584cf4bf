use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vestibule_tests::{Database, Interop};

/// The stored rows, past Vestibule: what an intruder, or who looks over its shoulder, can reach.
pub(crate) struct Store<'a> {
    place: Place<'a>,
    python: Option<&'a mut Interop>,
}

enum Place<'a> {
    Postgres(&'a Database),
    Sqlite(PathBuf),
}

impl<'a> Store<'a> {
    /// The embedded store in a data directory.
    pub(crate) fn sqlite(data: &Path, python: &'a mut Interop) -> Self {
        Self { place: Place::Sqlite(data.join("vestibule.db")), python: Some(python) }
    }

    /// A PostgreSQL database.
    pub(crate) const fn postgres(database: &'a Database, python: Option<&'a mut Interop>) -> Self {
        Self { place: Place::Postgres(database), python }
    }

    /// The first column of the first row, as text.
    pub(crate) async fn read(&mut self, sql: &str) -> Result<String> {
        match &self.place {
            Place::Postgres(database) => database.run(sql),
            Place::Sqlite(file) => {
                let command = json!({"do": "read", "file": file, "sql": sql});
                let answer = self.ask(&command).await?;
                let value = answer.get("value").context("a value")?;
                Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            }
        }
    }

    pub(crate) async fn count(&mut self, what: &str) -> Result<u64> {
        Ok(self.read(&format!("SELECT count(*) FROM {what}")).await?.parse()?)
    }

    /// Runs statements with all rights, the protection of the rows switched off.
    pub(crate) async fn overpower(&mut self, statements: &str) -> Result<()> {
        match &self.place {
            Place::Postgres(database) => {
                // A replica applies what its primary did without asking triggers.
                database.run(&format!("SET session_replication_role = replica; {statements}")).map(drop)
            }
            Place::Sqlite(file) => {
                let triggers = "DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted;";
                let command = json!({"do": "run", "file": file, "sql": format!("{triggers} {statements}")});
                self.ask(&command).await.map(drop)
            }
        }
    }

    /// The whole stream of the event at `position`, as `store.py` reads events.
    pub(crate) async fn stream_of(&mut self, position: u64) -> Result<Vec<Value>> {
        let columns = "'position', position, 'stream', stream, 'version', version, 'name', name, 'revision', revision, \
                       'metadata', metadata, 'data', data";
        let rows = format!(
            "(SELECT * FROM events WHERE stream = (SELECT stream FROM events WHERE position = {position}) ORDER BY version) e"
        );
        let sql = match self.place {
            Place::Postgres(_) => format!(
                "SELECT json_agg(json_build_object({columns}, 'id', id, 'person', person, 'recorded_at', \
                 recorded_at_millis, 'ciphertext', encode(ciphertext, 'hex'), 'hash', encode(hash, 'hex'))) FROM {rows}"
            ),
            Place::Sqlite(_) => format!(
                "SELECT json_group_array(json_object({columns}, 'id', hex(id), 'person', \
                 CASE WHEN person IS NOT NULL THEN hex(person) END, 'recorded_at', recorded_at, 'ciphertext', \
                 CASE WHEN person IS NOT NULL THEN hex(ciphertext) END, 'hash', lower(hex(hash)))) FROM {rows}"
            ),
        };
        Ok(serde_json::from_str(&self.read(&sql).await?)?)
    }

    /// A literal for these hexadecimal digits.
    pub(crate) fn bytes(&self, digits: &str) -> String {
        match self.place {
            Place::Postgres(_) => format!("decode('{digits}', 'hex')"),
            Place::Sqlite(_) => format!("x'{digits}'"),
        }
    }
    /// The hashes that the events of a whole stream must have.
    pub(crate) async fn rechain(&mut self, events: &[Value]) -> Result<Vec<String>> {
        let answer = self.ask(&json!({"do": "rechain", "events": events})).await?;
        Ok(serde_json::from_value(answer.get("hashes").context("hashes")?.clone())?)
    }

    async fn ask(&mut self, command: &Value) -> Result<Value> {
        self.python.as_mut().context("store.py")?.ask(command).await
    }
}
