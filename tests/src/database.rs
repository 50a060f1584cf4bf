use std::process::Command;

use anyhow::{Context, Result, ensure};
use url::Url;
use vestibule_kernel::{IdSource, SystemIds};

use crate::{PeerVariable, required};

/// A PostgreSQL database of a test's own, by way of `psql`; dropped with it.
pub struct Database {
    administrator: Url,
    name: String,
}

impl Database {
    /// A new, empty database; `None` where there is no PostgreSQL.
    ///
    /// # Errors
    /// When it cannot be made, or the test may not be skipped.
    pub fn scratch() -> Result<Option<Self>> {
        let Some(url) = required(PeerVariable::PostgresUrl)? else { return Ok(None) };
        let administrator = Url::parse(&url).context("the URL of the administrator")?;
        Ok(Some(Self::make(administrator, "template0")?))
    }

    /// A copy, with everything that is in it. Nobody may be connected to the original.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn copy(&self) -> Result<Self> {
        Self::make(self.administrator.clone(), &self.name)
    }

    fn make(administrator: Url, template: &str) -> Result<Self> {
        let ids: &dyn IdSource = &SystemIds;
        let name = format!("vestibule_blackbox_{:016x}", u64::from_be_bytes(ids.bytes()));
        psql(&administrator, &format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
        Ok(Self { administrator, name })
    }

    /// The URL by which its owner connects.
    #[must_use]
    pub fn url(&self) -> Url {
        let mut url = self.administrator.clone();
        url.set_path(&self.name);
        url
    }

    /// Makes a user who has this role and nothing else; answers the URL by which the user connects.
    ///
    /// # Errors
    /// When there is no such role.
    pub fn user_with(&self, role: &str) -> Result<Url> {
        let user = format!("{}_{role}", self.name);
        let ids: &dyn IdSource = &SystemIds;
        let password = format!("{:032x}", u128::from_be_bytes(ids.bytes()));
        self.run(&format!("CREATE ROLE {user} LOGIN PASSWORD '{password}' IN ROLE {role}"))?;
        let mut url = self.url();
        let set = url.set_username(&user).and_then(|()| url.set_password(Some(&password)));
        ensure!(set.is_ok(), "{url} takes no user");
        Ok(url)
    }

    /// Runs statements as the owner; answers the rows, columns parted by `|`.
    ///
    /// # Errors
    /// What the server says.
    pub fn run(&self, statements: &str) -> Result<String> {
        psql(&self.url(), statements)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What cannot be dropped goes with the server of the run.
        let _ = psql(&self.administrator, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
        for role in ["vestibule_append", "vestibule_read"] {
            let _ = psql(&self.administrator, &format!("DROP ROLE IF EXISTS {}_{role}", self.name));
        }
    }
}

fn psql(url: &Url, statements: &str) -> Result<String> {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
    let output = command.arg("--command").arg(statements).arg(url.as_str()).output().context("psql cannot be run")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "psql: {complaint}\n{statements}");
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
