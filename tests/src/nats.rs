use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

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

    /// Lets it stand still (SIGSTOP), with every connection open and nothing answered.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn freeze(&self) -> Result<()> {
        self.process.signal("-STOP")
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When the system refuses.
    pub fn thaw(&self) -> Result<()> {
        self.process.signal("-CONT")
    }
}

/// A message as a stream keeps it.
pub struct StoredMessage {
    /// Its place in the stream.
    pub sequence: u64,
    /// What it was published under.
    pub subject: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl StoredMessage {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Nats {
    /// Everything in a stream, in its order, by the protocol itself: what is looked at here is what anybody gets.
    ///
    /// # Errors
    /// When the server, or the stream, is not there.
    pub async fn messages(&self, stream: &str) -> Result<Vec<StoredMessage>> {
        let mut connection = Connection::open(self.port).await?;
        let info = connection.ask(&format!("$JS.API.STREAM.INFO.{stream}"), "").await?;
        let last = info.pointer("/state/last_seq").and_then(serde_json::Value::as_u64).context("a stream")?;
        let mut messages = Vec::new();
        for sequence in 1..=last {
            let wanted = serde_json::json!({ "seq": sequence }).to_string();
            let answer = connection.ask(&format!("$JS.API.STREAM.MSG.GET.{stream}"), &wanted).await?;
            let text = |name: &str| -> Result<String> {
                let encoded =
                    answer.pointer(&format!("/message/{name}")).and_then(serde_json::Value::as_str).unwrap_or_default();
                Ok(String::from_utf8(BASE64_STANDARD.decode(encoded)?)?)
            };
            let headers = text("hdrs")?;
            let headers = headers.lines().filter_map(|line| line.split_once(':'));
            let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
            let subject = answer.pointer("/message/subject").and_then(serde_json::Value::as_str);
            let subject = subject.context("a subject")?.to_owned();
            messages.push(StoredMessage { sequence, subject, headers, body: text("data")? });
        }
        Ok(messages)
    }
}

/// A connection that asks one thing after the other.
struct Connection(BufReader<TcpStream>);

impl Connection {
    async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.context("NATS")?;
        let mut connection = Self(BufReader::new(stream));
        connection.0.write_all(b"CONNECT {\"verbose\":false,\"headers\":true}\r\nSUB answers 1\r\n").await?;
        Ok(connection)
    }

    async fn ask(&mut self, subject: &str, question: &str) -> Result<Value> {
        let publish = format!("PUB {subject} answers {}\r\n{question}\r\n", question.len());
        self.0.write_all(publish.as_bytes()).await?;
        loop {
            let mut line = String::new();
            ensure!(self.0.read_line(&mut line).await? > 0, "NATS has closed the connection");
            if line.starts_with("PING") {
                self.0.write_all(b"PONG\r\n").await?;
            } else if let Some(delivered) = line.strip_prefix("MSG ") {
                let size = delivered.trim().rsplit(' ').next().unwrap_or_default().parse::<usize>()?;
                let mut payload = vec![0; size + 2];
                self.0.read_exact(&mut payload).await?;
                return Ok(serde_json::from_slice(payload.get(..size).unwrap_or_default())?);
            }
        }
    }
}

fn run(program: &str, port: u16, folder: &TempDir) -> Result<Process> {
    let mut command = Command::new(program);
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream", "--store_dir"]).arg(folder.path());
    Process::start(&mut command)
}
