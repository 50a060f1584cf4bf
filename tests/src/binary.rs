use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

/// A program of ours, once it was found.
struct Program {
    /// Its name, and its package's.
    name: &'static str,
    /// Names one that is built already.
    variable: &'static str,
    found: OnceLock<Result<PathBuf, String>>,
}

static VESTIBULE: Program = Program::new("vestibule", "VESTIBULE_TEST_BINARY");
static PROVISIONER: Program = Program::new("vestibule-provisioner", "VESTIBULE_TEST_PROVISIONER");

/// The `vestibule` program: the one that `VESTIBULE_TEST_BINARY` names, otherwise built once.
///
/// # Errors
/// When it cannot be built.
pub fn binary() -> Result<&'static Path> {
    VESTIBULE.path()
}

/// The `vestibule-provisioner` program: the one that `VESTIBULE_TEST_PROVISIONER` names, otherwise built once.
///
/// # Errors
/// When it cannot be built.
pub fn provisioner() -> Result<&'static Path> {
    PROVISIONER.path()
}

impl Program {
    const fn new(name: &'static str, variable: &'static str) -> Self {
        Self { name, variable, found: OnceLock::new() }
    }

    fn path(&'static self) -> Result<&'static Path> {
        let found = self.found.get_or_init(|| self.find().map_err(|error| format!("{error:#}")));
        found.as_deref().map_err(|error| anyhow!("the program to test: {error}"))
    }

    fn find(&self) -> Result<PathBuf> {
        if let Some(path) = env::var_os(self.variable).map(PathBuf::from) {
            ensure!(path.is_file(), "{} names {}, which is not there", self.variable, path.display());
            return Ok(path);
        }
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", self.name, "--bin", self.name, "--message-format=json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .context("cargo cannot be run")?;
        ensure!(built.status.success(), "cargo build ended with {}", built.status);
        let messages = String::from_utf8_lossy(&built.stdout);
        let mut artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let executable = artifacts.find_map(|message| {
            let is_ours = message.pointer("/target/name")? == self.name;
            message.get("executable")?.as_str().filter(|_| is_ours).map(PathBuf::from)
        });
        executable.context("cargo build names no executable")
    }
}
