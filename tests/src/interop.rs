use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{PeerVariable, required};

/// How long an answer may take: a browser walks through a whole sign-in.
const PATIENCE: Duration = Duration::from_mins(2);

/// A program of `tests/interop`: one JSON object a line in, one JSON object a line out; killed when it is dropped.
pub struct Interop {
    // Holds on to the process, which ends with it.
    _child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Interop {
    /// A Python program, such as `idp.py`; `None` where there is no Python for it.
    ///
    /// # Errors
    /// When it cannot be started, or may not be skipped.
    pub fn python(script: &str, arguments: &[&str]) -> Result<Option<Self>> {
        let Some(python) = required(PeerVariable::Python)? else { return Ok(None) };
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interop").join(script);
        Self::start(Command::new(python).arg(script).args(arguments)).map(Some)
    }

    /// A Node program, such as `oidc_client.mjs`; `None` where there are no Node packages for it.
    ///
    /// # Errors
    /// When it cannot be started, or may not be skipped.
    pub fn node(script: &str, arguments: &[&str]) -> Result<Option<Self>> {
        let Some(folder) = required(PeerVariable::NodeDir)? else { return Ok(None) };
        Self::start(Command::new("node").arg(PathBuf::from(folder).join(script)).args(arguments)).map(Some)
    }

    fn start(command: &mut Command) -> Result<Self> {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn();
        let mut child = spawned.with_context(|| format!("{command:?}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("standard output is a pipe")?;
        Ok(Self { _child: child, input, output: BufReader::new(output).lines() })
    }

    /// Sends a command; the answer may be a refusal.
    ///
    /// # Errors
    /// When the program does not answer with JSON.
    pub async fn try_ask(&mut self, command: &Value) -> Result<Value> {
        let input = self.input.as_mut().context("the input is closed")?;
        input.write_all(format!("{command}\n").as_bytes()).await?;
        input.flush().await?;
        self.answer(command).await
    }

    /// Sends a command; the answer must have `"ok": true`.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ask(&mut self, command: &Value) -> Result<Value> {
        let answer = self.try_ask(command).await?;
        ensure!(answer.get("ok") == Some(&Value::Bool(true)), "{command}\n{answer:#}");
        Ok(answer)
    }

    /// Sends the one command of a program that reads its input to the end.
    ///
    /// # Errors
    /// When the program does not answer with JSON.
    pub async fn order(mut self, command: &Value) -> Result<Value> {
        let mut input = self.input.take().context("the input is closed")?;
        input.write_all(command.to_string().as_bytes()).await?;
        drop(input);
        self.answer(command).await
    }

    async fn answer(&mut self, command: &Value) -> Result<Value> {
        let line =
            timeout(PATIENCE, self.output.next_line()).await.with_context(|| format!("no answer to {command}"))?;
        let line = line?.with_context(|| format!("it ended instead of answering {command}"))?;
        serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))
    }
}
