use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::binary;

/// The `vestibule` command line in a directory of its own, with nothing of the developer's environment.
#[derive(Clone, Debug)]
pub struct Cli {
    directory: PathBuf,
    environment: Vec<(String, String)>,
}

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    command: String,
}

impl Cli {
    /// A command line whose working directory is `directory`.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), environment: Vec::new() }
    }

    /// The same with an environment variable more, such as `VESTIBULE_SERVER`.
    #[must_use]
    pub fn with(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.environment.push((variable.to_owned(), value.into()));
        self
    }

    /// Runs `vestibule` with these arguments.
    ///
    /// # Errors
    /// When it cannot be run; how it ended is in the answer.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Ran> {
        let mut command = self.command()?;
        command.args(arguments);
        let output = command.output().context("vestibule cannot be run")?;
        Ok(Ran::of(&command, &output))
    }

    /// The program in its directory and environment, to be started in another way.
    ///
    /// # Errors
    /// When the program cannot be built.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::new(binary()?);
        command.current_dir(&self.directory);
        // What a developer has set must not decide what is tested.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("VESTIBULE_") || name.to_string_lossy().starts_with("OTEL_") {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }
}

impl Ran {
    fn of(command: &Command, output: &Output) -> Self {
        let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            command: format!("vestibule {}", arguments.join(" ")),
        }
    }

    /// What it printed, when it ended well.
    ///
    /// # Errors
    /// When it did not.
    pub fn ok(&self) -> Result<&str> {
        ensure!(self.code == Some(0), "{self}");
        Ok(&self.stdout)
    }

    /// What it printed as JSON, when it ended well.
    ///
    /// # Errors
    /// When it did not, or printed something else.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(self.ok()?).with_context(|| format!("not JSON\n{self}"))
    }

    /// What it said against it, when it ended with this exit code and printed no answer.
    ///
    /// # Errors
    /// When it ended in another way.
    pub fn refused(&self, code: i32) -> Result<&str> {
        ensure!(self.code == Some(code) && self.stdout.is_empty(), "expected the exit code {code}\n{self}");
        Ok(&self.stderr)
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr, command } = self;
        write!(f, "`{command}` ended with {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
