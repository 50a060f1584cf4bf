use std::{
    env, fs,
    net::TcpListener,
    ops::Not as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, DeliverPolicy, pull},
};
use futures_util::StreamExt as _;
use tempfile::TempDir;
use vestibule_bus_nats::{Authentication, Settings, StreamSettings};
use vestibule_eventlog::Cursor;

const PROGRAM: &str = "VESTIBULE_TEST_NATS_SERVER";
const REQUIRE_ALL: &str = "VESTIBULE_TEST_REQUIRE_ALL";

pub(crate) const STREAM: &str = "vestibule";

/// A message as the stream has it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) lane: String,
    pub(crate) id: String,
    pub(crate) cursor: Cursor,
}

/// A NATS server of the test's own.
pub(crate) struct Server {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

impl Server {
    /// A server that runs, or `None`, with a word about it, when there is no program to test with.
    pub(crate) async fn scratch(test: &str) -> Option<Self> {
        let program = program(test)?;
        let mut server = Self { program, folder: tempfile::tempdir().unwrap(), port: free_port(), running: None };
        server.start().await;
        Some(server)
    }

    /// A server with a configuration of its own, of which the program and the folder for its data are told. It may not be
    /// ready yet.
    pub(crate) fn configured(test: &str, configuration: impl FnOnce(&Path) -> String) -> Option<Self> {
        let program = program(test)?;
        let port = free_port();
        let mut server = Self { program, folder: tempfile::tempdir().unwrap(), port, running: None };
        let file = server.folder.path().join("server.conf");
        let store = server.folder.path().join("data").display().to_string();
        let common = format!("listen: 127.0.0.1:{port}\njetstream {{ store_dir: {store:?} }}\n");
        fs::write(&file, common + &configuration(server.folder.path())).unwrap();
        let mut command = Command::new(&server.program);
        command.arg("--config").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        server.running = Some(command.spawn().unwrap());
        Some(server)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn start(&mut self) {
        let child = Command::new(&self.program)
            .args(["--addr", "127.0.0.1", "--port", &self.port.to_string(), "--jetstream", "--store_dir"])
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.running = Some(child.unwrap());
        // Answers once JetStream does.
        self.context().await.query_account().await.unwrap();
    }

    /// Sends a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.running.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn settings(&self) -> Settings {
        settings(self.url())
    }

    pub(crate) async fn context(&self) -> jetstream::Context {
        let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
        let client = options.connect(self.url()).await.unwrap();
        client.flush().await.unwrap();
        jetstream::new(client)
    }

    /// Waits until the stream is there and holds as many messages.
    pub(crate) async fn holds(&self, messages: u64) {
        let context = self.context().await;
        while context.get_stream(STREAM).await.is_ok_and(|found| found.cached_info().state.messages >= messages).not() {
            tokio::task::yield_now().await;
        }
    }

    /// Everything in the stream, in its order: lane and headers.
    pub(crate) async fn everything(&self) -> Vec<Stored> {
        let mut stream = self.context().await.get_stream(STREAM).await.unwrap();
        let count = usize::try_from(stream.info().await.unwrap().state.messages).unwrap();
        let config =
            pull::Config { deliver_policy: DeliverPolicy::All, ack_policy: AckPolicy::None, ..pull::Config::default() };
        let consumer = stream.create_consumer(config).await.unwrap();
        let messages = consumer.stream().max_messages_per_batch(1_000).messages().await.unwrap();
        let stored = messages.take(count).map(|message| {
            let message = message.unwrap();
            let header = |name: &str| message.headers.as_ref().unwrap().get(name).unwrap().as_str().to_owned();
            let lane = message.subject.split('.').take(3).collect::<Vec<_>>().join(".");
            Stored { lane, id: header("Nats-Msg-Id"), cursor: header("ce-cursor").parse().unwrap() }
        });
        stored.collect().await
    }
}

fn program(test: &str) -> Option<PathBuf> {
    let program = env::var(PROGRAM).ok();
    if program.is_none() {
        assert!(env::var(REQUIRE_ALL).as_deref() != Ok("1"), "{test} needs a NATS server: set {PROGRAM}");
        println!("skipped: {test}: {PROGRAM} is not set");
    }
    program.map(PathBuf::from)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _killed = child.kill();
            let _ended = child.wait();
        }
    }
}

pub(crate) fn settings(url: String) -> Settings {
    Settings {
        url,
        authentication: Authentication::Anonymous,
        authority_file: None,
        client_certificate: None,
        stream: StreamSettings {
            name: STREAM.to_owned(),
            subjects: "vestibule.test.>".to_owned(),
            replicas: 1,
            max_age: Duration::from_hours(1),
            max_bytes: 64 * 1024 * 1024,
            dedupe_window: Duration::from_mins(2),
        },
    }
}
