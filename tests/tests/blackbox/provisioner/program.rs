//! The SCIM service of others, and the program that keeps it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vestibule_tests::{Nats, PeerVariable, Process, Vestibule, free_port, http_client, provisioner, required, until};

pub(super) const TOKEN: &str = "the-token-of-the-scim-service";

/// The SCIM service. It remembers nothing when it ends.
pub(super) struct Scim {
    program: PathBuf,
    port: u16,
    pub(super) process: Process,
}

impl Scim {
    pub(super) async fn start() -> Result<Option<Self>> {
        let Some(python) = required(PeerVariable::Python)? else { return Ok(None) };
        let (program, port) = (Path::new(&python).with_file_name("scim2-server"), free_port()?);
        let scim = Self { process: Self::run(&program, port)?, program, port };
        scim.answers().await?;
        Ok(Some(scim))
    }

    fn run(program: &Path, port: u16) -> Result<Process> {
        Process::start(Command::new(program).args(["--port", &port.to_string(), "--bearer-token", TOKEN]))
    }

    /// Another one in its place, which knows nobody.
    pub(super) async fn replace(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process = Self::run(&self.program, self.port)?;
        self.answers().await
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/v2", self.port)
    }

    pub(super) async fn answers(&self) -> Result<()> {
        until("the SCIM service to answer", async || Ok(self.users().await.ok())).await.map(drop)
    }

    pub(super) async fn users(&self) -> Result<Vec<Value>> {
        let asked =
            http_client()?.get(format!("{}/Users?count=1000", self.address())).bearer_auth(TOKEN).send().await?;
        let answer: Value = asked.error_for_status()?.json().await?;
        Ok(answer["Resources"].as_array().cloned().unwrap_or_default())
    }

    /// The one user of a person, once they are like that.
    pub(super) async fn comes(&self, person: &str, running: &Program, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        let found = until("the user to be as the registry knows the person", async || {
            let users = self.users().await?;
            let mut users = users.into_iter().filter(|user| user["externalId"] == person);
            let user = users.next().filter(&is_so);
            ensure!(users.next().is_none(), "two users of {person}");
            Ok(user)
        });
        found.await.with_context(|| running.process.stderr())
    }
}

/// The provisioner.
pub(super) struct Program {
    pub(super) process: Process,
    health: String,
}

/// How it is started: with a token and the certificate of the registry, in a directory of the deployment.
pub(super) struct Start<'a> {
    pub(super) registry: &'a str,
    pub(super) token: &'a Path,
    pub(super) authority: Option<&'a Path>,
    pub(super) nats: &'a Nats,
    /// The address of the SCIM service.
    pub(super) scim: String,
    pub(super) requests_per_second: u32,
    pub(super) user_name: &'a str,
    /// Where its traces and metrics go.
    pub(super) collector: Option<&'a str>,
}

impl Start<'_> {
    pub(super) fn command(&self, directory: &Path, port: u16) -> Result<Command> {
        fs::write(directory.join("scim.token"), TOKEN)?;
        let telemetry = self.collector.map(|endpoint| format!("[telemetry]\notlp_endpoint = {}\n", json!(endpoint)));
        let authority = self.authority.map(|path| format!("authority_file = {}\n", json!(path))).unwrap_or_default();
        let config = format!(
            "[registry]\naddress = {}\ntoken_file = {}\n{authority}[nats]\nurl = {}\n[grpc]\nlisten = \"127.0.0.1:{port}\"\n\
             {}[[targets]]\nname = \"crm\"\norganizations = [\"*\"]\naddress = {}\ntoken_file = \"scim.token\"\nrequests_per_second = {}\nuser_name = {}\n",
            json!(self.registry),
            json!(self.token),
            json!(self.nats.url()),
            telemetry.unwrap_or_default(),
            json!(self.scim),
            self.requests_per_second,
            json!(self.user_name),
        );
        fs::write(directory.join("provisioner.toml"), config)?;
        let mut command = Command::new(provisioner()?);
        command.current_dir(directory).args(["--config", "provisioner.toml"]);
        Ok(command)
    }

    pub(super) fn start(&self, directory: &Path) -> Result<Program> {
        let port = free_port()?;
        let process = Process::start(&mut self.command(directory, port)?)?;
        Ok(Program { process, health: format!("http://127.0.0.1:{port}") })
    }
}

impl Program {
    /// Waits until it has compared everything, and says so to who asks for its health.
    pub(super) async fn is_ready(&self, vestibule: &Vestibule) -> Result<()> {
        let ready = until("the provisioner to be ready", async || {
            Ok((vestibule.run(["health", "--server", &self.health])?.code == Some(0)).then_some(()))
        });
        ready.await.with_context(|| self.process.stderr())
    }
}
