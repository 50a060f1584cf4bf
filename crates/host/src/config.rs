//! Configuration: defaults, then a TOML file, then `VESTIBULE__SECTION__KEY`, then flags. Unknown keys are errors, secrets
//! are files, and everything is checked before a port opens.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use figment::{
    Figment, Profile, Provider,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Map},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use vestibule_kernel::OrganizationId;

use crate::PublicUrl;

/// The prefix of every environment variable that is configuration.
pub const ENVIRONMENT_PREFIX: &str = "VESTIBULE__";

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key is unknown, has the wrong type, or the file cannot be read; the text names key and source.
    #[error("configuration: {0}")]
    Unreadable(#[source] Box<figment::Error>),
    /// The file that was asked for is not there.
    #[error("configuration file {} does not exist", .0.display())]
    Missing(PathBuf),
    /// A value is of the right type and still cannot be.
    #[error("configuration: {key}: {problem}")]
    Invalid {
        /// The key, such as `grpc.listen`.
        key: &'static str,
        /// What is wrong and how to mend it.
        problem: String,
    },
}

/// A section, or the whole, that can check itself.
pub trait Validate {
    /// The first thing that is wrong.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    fn validate(&self) -> Result<(), ConfigError>;
}

/// Settings given on the command line: `(key, value)` with dotted keys.
#[derive(Clone, Debug, Default)]
pub struct Flags(pub Vec<(String, String)>);

impl Provider for Flags {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named("command line")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let figment = self.0.iter().fold(Figment::new(), |figment, (key, text)| {
            let value: figment::value::Value = text.parse().unwrap_or_else(|never| match never {});
            figment.merge((key.as_str(), value))
        });
        figment.data()
    }
}

/// Reads and checks the configuration.
///
/// # Errors
/// [`ConfigError`]: the first problem found.
pub fn load<T>(file: Option<&Path>, flags: Flags) -> Result<T, ConfigError>
where
    T: Default + Serialize + DeserializeOwned + Validate,
{
    let mut figment = Figment::from(Serialized::defaults(T::default()));
    if let Some(path) = file {
        if !path.is_file() {
            return Err(ConfigError::Missing(path.to_owned()));
        }
        figment = figment.merge(Toml::file_exact(path));
    }
    let figment = figment.merge(Env::prefixed(ENVIRONMENT_PREFIX).split("__")).merge(flags);
    let config: T = figment.extract().map_err(|error| ConfigError::Unreadable(Box::new(error)))?;
    config.validate()?;
    Ok(config)
}

/// `[deployment]`: what all processes of one deployment share.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deployment {
    /// The environment's name, stamped into the store at creation; the store refuses to open under another one.
    pub environment: String,
    /// The address under which the gateway is reached; also the OpenID Connect issuer.
    pub public_url: PublicUrl,
    /// Where files of ours are: the embedded store, the master key, tokens.
    pub data_directory: PathBuf,
}

impl Default for Deployment {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant, covered by a test")]
        let public_url = "http://localhost:8800".parse().expect("the default address is valid");
        Self { environment: "development".to_owned(), public_url, data_directory: "vestibule-data".into() }
    }
}

impl Validate for Deployment {
    fn validate(&self) -> Result<(), ConfigError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=40).contains(&self.environment.len()) && self.environment.bytes().all(plain) {
            Ok(())
        } else {
            let problem = "use 1 to 40 lower-case letters, digits and hyphens".to_owned();
            Err(ConfigError::Invalid { key: "deployment.environment", problem })
        }
    }
}

/// `[store]`: the database.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// A file that holds the URL `postgres://user:password@host/database`. Without it the store is an embedded SQLite file
    /// in the data directory.
    pub postgres_url_file: Option<PathBuf>,
    /// The master key: 32 bytes in a file of mode 0600, made at first start. `master.key` in the data directory by default.
    pub master_key_file: Option<PathBuf>,
}

/// Certificate and key of a server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate_file: PathBuf,
    /// The private key, PEM.
    pub key_file: PathBuf,
}

/// The most tokens that open one organization's events.
const EVENTS_TOKENS_MAX: usize = 256;

/// `[[grpc.events_tokens]]`: who reads the events of one organization.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EventsToken {
    /// The organization's id.
    pub organization: OrganizationId,
    /// A file with the token.
    pub token_file: PathBuf,
}

/// `[grpc]`: the gRPC server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grpc {
    /// Where it listens. Anything but loopback needs TLS and a service token.
    pub listen: SocketAddr,
    /// TLS.
    pub tls: Option<Tls>,
    /// A file with the token that other services present. Without it, reading is open on loopback.
    pub service_token_file: Option<PathBuf>,
    /// A file with the token that whoever writes to the registry presents; made at first start when it does not exist.
    /// `registry.token` in the data directory by default.
    pub registry_token_file: Option<PathBuf>,
    /// A file with a token that opens the event service and nothing else, for those who read events without NATS.
    pub events_token_file: Option<PathBuf>,
    /// Tokens that open the events of one organization each, and nothing else; at most 256.
    pub events_tokens: Vec<EventsToken>,
    /// A file with a token that opens reading of people and nothing else, for programs such as the provisioner.
    pub people_token_file: Option<PathBuf>,
    /// How long running calls may take to end after a signal.
    pub drain_seconds: u64,
}

impl Default for Grpc {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8801)),
            tls: None,
            service_token_file: None,
            registry_token_file: None,
            events_token_file: None,
            events_tokens: Vec::new(),
            people_token_file: None,
            drain_seconds: 10,
        }
    }
}

impl Grpc {
    /// How long running calls may take to end after a signal.
    #[must_use]
    pub const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

impl Validate for Grpc {
    fn validate(&self) -> Result<(), ConfigError> {
        if self.events_tokens.len() > EVENTS_TOKENS_MAX {
            let problem = format!("name at most {EVENTS_TOKENS_MAX} tokens");
            return Err(ConfigError::Invalid { key: "grpc.events_tokens", problem });
        }
        if self.listen.ip().is_loopback() || (self.tls.is_some() && self.service_token_file.is_some()) {
            return Ok(());
        }
        let problem = format!(
            "{} is not loopback: set grpc.tls and grpc.service_token_file (`vestibule tls init` makes both), or listen on 127.0.0.1",
            self.listen
        );
        Err(ConfigError::Invalid { key: "grpc.listen", problem })
    }
}

/// `[http]`: the gateway's HTTP server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Where it listens. Behind a load balancer that ends TLS, plain HTTP is usual.
    pub listen: SocketAddr,
    /// TLS of its own.
    pub tls: Option<Tls>,
    /// How long running requests may take to end after a signal.
    pub drain_seconds: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8800)), tls: None, drain_seconds: 10 }
    }
}

/// `[peers]`: where the other services are, for processes that need them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Peers {
    /// The routing service, such as `https://routing:8801`.
    pub routing: Option<String>,
    /// The SAML service.
    pub saml: Option<String>,
    /// The registry. The SAML service tells it of signatures by certificates that nobody trusts, so that it reads the identity
    /// provider's metadata earlier; without it they are read when they are due.
    pub registry: Option<String>,
    /// The certificate authority that signed their certificates, PEM. The system's when absent.
    pub authority_file: Option<PathBuf>,
    /// A file with the service token to present.
    pub service_token_file: Option<PathBuf>,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// `[telemetry]`: logs, traces, metrics.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// How logs are written, to standard error.
    pub log_format: LogFormat,
    /// What is logged, in the syntax of `tracing_subscriber`'s `EnvFilter`.
    pub log_filter: String,
    /// The OTLP endpoint (gRPC) for traces and metrics, such as `http://127.0.0.1:4317`. Without it nothing is exported.
    pub otlp_endpoint: Option<String>,
    /// The share of traces that are exported when no caller has decided already, from 0 to 1.
    pub sample_ratio: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log_format: LogFormat::Text, log_filter: "info".to_owned(), otlp_endpoint: None, sample_ratio: 1.0 }
    }
}

impl Validate for Telemetry {
    fn validate(&self) -> Result<(), ConfigError> {
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            let problem = "use a number from 0 to 1".to_owned();
            return Err(ConfigError::Invalid { key: "telemetry.sample_ratio", problem });
        }
        self.log_filter.parse::<tracing_subscriber::EnvFilter>().map(drop).map_err(|error| ConfigError::Invalid {
            key: "telemetry.log_filter",
            problem: format!("{error}; an example that works is `info,vestibule_gateway_service=debug`"),
        })
    }
}
