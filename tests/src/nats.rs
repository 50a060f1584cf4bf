use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::{PeerVariable, Process, free_port, required};

/// A NATS server with `JetStream` of the test's own; killed when it is dropped.
pub struct Nats {
    process: Process,
    program: String,
    port: u16,
    folder: TempDir,
}

impl Nats {
    /// A server that starts; `None` where there is no program for it.
    ///
    /// # Errors
    /// When it cannot be started, or may not be skipped.
    pub fn start() -> Result<Option<Self>> {
        let Some(program) = required(PeerVariable::NatsServer)? else { return Ok(None) };
        let (port, folder) = (free_port()?, tempfile::tempdir().context("a directory")?);
        let process = run(&program, port, &folder)?;
        Ok(Some(Self { process, program, port, folder }))
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it and starts it again, with what it had stored.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn restart(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process = run(&self.program, self.port, &self.folder)?;
        Ok(())
    }
}

fn run(program: &str, port: u16, folder: &TempDir) -> Result<Process> {
    let mut command = Command::new(program);
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream", "--store_dir"]).arg(folder.path());
    Process::start(&mut command)
}
