//! The Lambda Runtime API, as far as a custom runtime uses it, and the process of the function that runs on it: a real
//! program between an emulated Lambda and whatever it talks to. For tests and measurements; it panics where they would fail.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "for tests, which fail by panicking"
)]

use std::{
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path as Captured, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    time::timeout,
};
use vestibule_kernel::{Clock, SystemClock};

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The request id of all invocations; they come one after the other.
pub const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// The trace header of all invocations.
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// What the runtime said about an invocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// `/response`, the body.
    Event(String),
    /// `/error`, `errorType` and `errorMessage`.
    Error(String, String),
}

impl Answer {
    /// The answer, which must not be an error.
    pub fn event(self) -> String {
        match self {
            Self::Event(text) => text,
            Self::Error(kind, message) => panic!("{kind}: {message}"),
        }
    }

    /// The same as JSON.
    #[must_use]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.event()).unwrap()
    }

    /// Kind and message of the error, which it must be.
    pub fn error(self) -> (String, String) {
        match self {
            Self::Error(kind, message) => (kind, message),
            Self::Event(text) => panic!("answered: {text}"),
        }
    }
}

struct Api {
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<String>>,
    answers: mpsc::UnboundedSender<Answer>,
    asked: Mutex<Option<oneshot::Sender<()>>>,
}

/// A function that runs.
pub struct Lambda {
    events: mpsc::UnboundedSender<String>,
    answers: mpsc::UnboundedReceiver<Answer>,
    process: Child,
    output: Option<(JoinHandle<String>, JoinHandle<String>)>,
}

impl Lambda {
    /// Starts the function with these settings in its environment; returns when it has asked for its first event.
    pub async fn start(program: &Path, settings: &[(&str, &str)]) -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let (answering, answers) = mpsc::unbounded_channel();
        let (asked, first_asked) = oneshot::channel();
        let api = Api { events: tokio::sync::Mutex::new(waiting), answers: answering, asked: Mutex::new(Some(asked)) };
        let address = serve(Arc::new(api)).await;
        let mut process = command(program, settings, &address.to_string()).spawn().unwrap();
        let output = Some((collect(process.stdout.take().unwrap()), collect(process.stderr.take().unwrap())));
        let function = Self { events, answers, process, output };
        timeout(PATIENCE, first_asked).await.expect("the function asks for an event").unwrap();
        function
    }

    /// Invokes the function and waits for what it answers.
    pub async fn invoke(&mut self, event: impl ToString) -> Answer {
        self.events.send(event.to_string()).unwrap();
        timeout(PATIENCE, self.answers.recv()).await.expect("an answer").unwrap()
    }

    /// Ends the function and answers everything that it wrote.
    #[must_use]
    pub fn end(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let (stdout, stderr) = self.output.take().unwrap();
        stdout.join().unwrap() + &stderr.join().unwrap()
    }

    /// Ends the function and answers the lines of its log.
    #[must_use]
    pub fn log(self) -> Vec<Value> {
        self.end().lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program as Lambda starts it.
#[must_use]
pub fn command(program: &Path, settings: &[(&str, &str)], api: &str) -> Command {
    let mut command = Command::new(PathBuf::from(program));
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", "vestibule-trigger")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    })
}

async fn serve(api: Arc<Api>) -> SocketAddr {
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .with_state(api);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Without it the answer waits for the acknowledgement of its header.
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    address
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    if let Some(asked) = api.asked.lock().unwrap().take() {
        let _ = asked.send(());
    }
    let event = api.events.lock().await.recv().await;
    let Some(event) = event else { return StatusCode::GONE.into_response() };
    let deadline = SystemClock.now().plus(Duration::from_secs(5));
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", REQUEST_ID.to_owned()),
        ("Lambda-Runtime-Deadline-Ms", deadline.unix_millis().to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:1:function:vestibule-trigger".to_owned()),
        ("Lambda-Runtime-Trace-Id", TRACE.to_owned()),
    ];
    (headers, event).into_response()
}

async fn response(State(api): State<Arc<Api>>, Captured(id): Captured<String>, body: Bytes) -> StatusCode {
    assert_eq!(id, REQUEST_ID);
    api.answers.send(Answer::Event(String::from_utf8(body.to_vec()).unwrap())).unwrap();
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<Api>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let error: Value = serde_json::from_slice(&body).unwrap();
    let kind = error["errorType"].as_str().unwrap().to_owned();
    assert!(headers.contains_key("lambda-runtime-function-error-type"));
    api.answers.send(Answer::Error(kind, error["errorMessage"].as_str().unwrap().to_owned())).unwrap();
    StatusCode::ACCEPTED
}
