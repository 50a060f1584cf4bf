use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Addresses, Cli, Process, Vestibule, free_port};

/// How often other ports are tried when somebody else was faster.
const ATTEMPTS_MAX: usize = 5;
/// The settings that hold a listener's address, or only its port.
const GRPC: &str = "grpc.listen";
const HTTP: &str = "http.listen";
const PUBLIC_URL: &str = "deployment.public_url";
const CERTIFICATE: &str = "grpc.tls.certificate_file";
const SANDBOX: [&str; 3] = ["sandbox.identity_provider", "sandbox.cognito", "sandbox.application"];

/// How `vestibule` is started: what it runs, with which settings, and where its files are. Free ports are chosen for what
/// the settings leave open.
#[derive(Clone)]
pub struct Launch {
    pub(crate) arguments: Vec<String>,
    pub(crate) settings: BTreeMap<String, Value>,
    pub(crate) directory: Arc<TempDir>,
}

/// Strings, numbers and booleans of JSON are those of TOML; objects are written in another way.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key} = {}", toml(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

impl Launch {
    /// Everything in one process with the simulators around it, in a new directory.
    ///
    /// # Errors
    /// When there is no place for its files.
    pub fn sandbox() -> Result<Self> {
        Self::of(&["sandbox"])
    }

    /// One service, or `all` of them, in a new directory.
    ///
    /// # Errors
    /// When there is no place for its files.
    pub fn serve(service: &str) -> Result<Self> {
        Self::of(&["serve", service])
    }

    fn of(arguments: &[&str]) -> Result<Self> {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let directory = tempfile::Builder::new().prefix("vestibule-test-").tempdir().context("a directory")?;
        Ok(Self { arguments, settings: BTreeMap::new(), directory: Arc::new(directory) })
    }

    /// The same with a setting, such as `saml.clock_skew_seconds`.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings.insert(key.to_owned(), value.into());
        self
    }

    /// The same with a second opinion from this program, in this mode: `observe` or `require`.
    #[must_use]
    pub fn with_second_opinion(self, mode: &str, program: &str) -> Self {
        let chosen = self.set("saml.second_opinion", mode).set("saml.second_opinion_program", program);
        // A machine that runs all tests at once is slower than any that people sign in at.
        chosen.set("saml.second_opinion_wait_milliseconds", 2_500)
    }

    /// The same in the directory of another process, with which it then shares the data directory.
    #[must_use]
    pub fn beside(mut self, other: &Vestibule) -> Self {
        self.directory = Arc::clone(&other.launch().directory);
        self
    }

    /// Where its files are; the working directory of the process.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or does not become ready; the message holds what it printed.
    pub async fn start(&self) -> Result<Vestibule> {
        for _ in 0..ATTEMPTS_MAX {
            let launch = self.with_ports()?;
            let process = Process::start(launch.cli()?.command()?.args(&launch.arguments))?;
            let addresses = launch.addresses()?;
            let mut started = Vestibule::new(process, launch, addresses);
            match started.ready().await {
                Ok(()) => return Ok(started),
                Err(_) if started.process.stderr().contains("Address already in use") => {}
                Err(error) => return Err(error),
            }
        }
        bail!("no free port in {ATTEMPTS_MAX} attempts")
    }

    /// The command line with this configuration, beside the process.
    pub(crate) fn cli(&self) -> Result<Cli> {
        let name = format!("{}.toml", self.arguments.join("-"));
        let mut text = String::new();
        for (key, value) in &self.settings {
            writeln!(text, "{key} = {}", toml(value))?;
        }
        fs::write(self.directory().join(&name), text).context("the configuration file")?;
        Ok(Cli::new(self.directory()).with("VESTIBULE_CONFIG", name))
    }

    fn with_ports(&self) -> Result<Self> {
        let mut launch = self.clone();
        launch.default(GRPC, || Ok(format!("127.0.0.1:{}", free_port()?).into()))?;
        if self.has_gateway() {
            launch.default(HTTP, || Ok(format!("127.0.0.1:{}", free_port()?).into()))?;
            let port = launch.port(HTTP)?;
            launch.default(PUBLIC_URL, || Ok(format!("http://localhost:{port}").into()))?;
        }
        for key in SANDBOX.into_iter().filter(|_| self.is_sandbox()) {
            launch.default(key, || Ok(free_port()?.into()))?;
        }
        Ok(launch)
    }

    fn default(&mut self, key: &str, value: impl FnOnce() -> Result<Value>) -> Result<()> {
        if !self.settings.contains_key(key) {
            self.settings.insert(key.to_owned(), value()?);
        }
        Ok(())
    }

    fn addresses(&self) -> Result<Addresses> {
        let local = |key: &str| -> Result<Option<String>> {
            let here = self.settings.contains_key(key);
            here.then(|| Ok(format!("http://localhost:{}", self.port(key)?))).transpose()
        };
        let [idp, cognito, app] = SANDBOX.map(local);
        let scheme = if self.settings.contains_key(CERTIFICATE) { "https" } else { "http" };
        let public = self.settings.get(PUBLIC_URL).filter(|_| self.has_gateway());
        Ok(Addresses {
            grpc: format!("{scheme}://127.0.0.1:{}", self.port(GRPC)?),
            gateway: public.and_then(Value::as_str).map(str::to_owned),
            idp: idp?,
            cognito: cognito?,
            app: app?,
        })
    }

    /// The file that a setting names.
    pub(crate) fn file(&self, key: &str) -> Option<PathBuf> {
        self.settings.get(key).and_then(Value::as_str).map(|path| self.directory().join(path))
    }

    /// The port in `127.0.0.1:1234` or `1234`.
    fn port(&self, key: &str) -> Result<u16> {
        let setting = self.settings.get(key).with_context(|| format!("{key} is not set"))?;
        let text = setting.as_str().map_or_else(|| setting.to_string(), str::to_owned);
        let port = text.rsplit(':').next().unwrap_or_default();
        port.parse().with_context(|| format!("{key} = {text} has no port"))
    }

    pub(crate) fn is_sandbox(&self) -> bool {
        self.arguments.iter().any(|argument| argument == "sandbox")
    }

    pub(crate) fn has_gateway(&self) -> bool {
        self.arguments.iter().any(|argument| ["sandbox", "all", "gateway"].contains(&argument.as_str()))
    }
}
