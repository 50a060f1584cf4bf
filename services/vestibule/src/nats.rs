//! `[nats]`: publishing what the log records. The registry's process runs the relay.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use vestibule_bus::{IN_FLIGHT_MAX, Mapping, Relay};
use vestibule_bus_nats::{Authentication, NatsPublisher, Settings, StreamSettings};
use vestibule_host::{
    Readiness, Resources,
    config::{ConfigError, Deployment, Validate},
};

use crate::config::Config;

const BYTES_OF_MEGABYTE: i64 = 1024 * 1024;

/// `[nats]`: where events are published; without an address nothing is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Nats {
    /// `nats://host:port` or `tls://host:port`; several servers of a cluster are separated by commas.
    pub(crate) url: Option<String>,
    /// A credentials file (JWT and seed).
    pub(crate) credentials_file: Option<PathBuf>,
    /// A file that holds the seed of an nkey.
    pub(crate) nkey_seed_file: Option<PathBuf>,
    /// The authority that signed the server's certificate, PEM; the system's when absent.
    pub(crate) authority_file: Option<PathBuf>,
    /// Our certificate, PEM, where the server asks for one.
    pub(crate) certificate_file: Option<PathBuf>,
    /// Its key, PEM.
    pub(crate) key_file: Option<PathBuf>,
    /// The stream.
    pub(crate) stream: String,
    /// Whether the relay makes the stream and keeps its limits as they are here. Without, `vestibule nats apply` does, and the
    /// relay needs no right to.
    pub(crate) manage_stream: bool,
    /// On how many servers of a cluster the stream is kept: 1, 3 or 5.
    pub(crate) replicas: usize,
    /// How long published events are kept, 1 to 8,760. Personal fields can be read there that long.
    pub(crate) retention_hours: u32,
    /// How large the stream may grow, 1 to 1,000,000; what does not fit waits in the log.
    pub(crate) max_megabytes: u32,
    /// How long the stream recognises an event that it has seen, 10 to 3,600.
    pub(crate) dedupe_window_seconds: u32,
    /// How many events may be sent and not acknowledged, each of another organization, 1 to 256.
    pub(crate) in_flight_max: usize,
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            url: None,
            credentials_file: None,
            nkey_seed_file: None,
            authority_file: None,
            certificate_file: None,
            key_file: None,
            stream: "vestibule".to_owned(),
            manage_stream: true,
            replicas: 1,
            retention_hours: 168,
            max_megabytes: 1_024,
            dedupe_window_seconds: 600,
            in_flight_max: 128,
        }
    }
}

impl Validate for Nats {
    fn validate(&self) -> Result<(), ConfigError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let stream = (1..=40).contains(&self.stream.len()) && self.stream.bytes().all(plain);
        let address = |url: &str| ["nats://", "tls://"].iter().any(|scheme| url.trim().starts_with(scheme));
        let addresses = self.url.iter().all(|urls| urls.split(',').all(address));
        let secret = self.url.iter().any(|urls| urls.contains('@'));
        require(addresses, "nats.url", "use nats://host:port or tls://host:port, several separated by commas")?;
        require(!secret, "nats.url", "the address holds no user or password: use credentials_file or nkey_seed_file")?;
        let identities = usize::from(self.credentials_file.is_some()) + usize::from(self.nkey_seed_file.is_some());
        require(identities < 2, "nats.nkey_seed_file", "use this or credentials_file, not both")?;
        let paired = self.certificate_file.is_some() == self.key_file.is_some();
        require(paired, "nats.key_file", "certificate_file and key_file go together")?;
        require(stream, "nats.stream", "use 1 to 40 letters, digits, hyphens and underscores")?;
        require([1, 3, 5].contains(&self.replicas), "nats.replicas", "use 1, 3 or 5")?;
        require((1..=8_760).contains(&self.retention_hours), "nats.retention_hours", "use 1 to 8,760")?;
        require((1..=1_000_000).contains(&self.max_megabytes), "nats.max_megabytes", "use 1 to 1,000,000")?;
        let window = (10..=3_600).contains(&self.dedupe_window_seconds);
        require(window, "nats.dedupe_window_seconds", "use 10 to 3,600")?;
        require((1..=IN_FLIGHT_MAX).contains(&self.in_flight_max), "nats.in_flight_max", "use 1 to 256")
    }
}

fn require(holds: bool, key: &'static str, problem: &str) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError::Invalid { key, problem: problem.to_owned() }) }
}

/// The relay, where an address is configured. NATS need not be there yet.
pub(crate) async fn relay(resources: &Resources, config: &Config) -> anyhow::Result<Option<Relay>> {
    let Some(settings) = config.nats.connection(&config.deployment) else { return Ok(None) };
    let publisher = if config.nats.manage_stream {
        NatsPublisher::connect(settings).await
    } else {
        NatsPublisher::connect_to_declared(settings).await
    };
    let publisher = publisher.context("nats")?;
    let mapping = mapping(&config.deployment);
    let (log, views) = (resources.log.clone(), Arc::clone(&resources.views));
    let sources = (Arc::clone(&resources.clock), &*resources.ids);
    Ok(Some(Relay::new(log, views, Arc::new(publisher), mapping, config.nats.in_flight_max, sources)))
}

fn mapping(deployment: &Deployment) -> Mapping {
    Mapping::new(&deployment.environment, deployment.public_url.to_string())
}

/// The registry is not ready when its relay has stopped for good. That NATS does not answer is no reason: events are late
/// then, and the registry works.
pub(crate) fn readiness(relay: &Relay) -> Readiness {
    let status = relay.status();
    let check = move || match &status.borrow().stopped {
        Some(reason) => Err(format!("nothing is published any more: {reason}")),
        None => Ok(()),
    };
    ("relay", Arc::new(check))
}

impl Nats {
    /// How to connect, where an address is configured.
    pub(crate) fn connection(&self, deployment: &Deployment) -> Option<Settings> {
        self.url.clone().map(|url| self.settings(url, mapping(deployment).subjects()))
    }

    fn settings(&self, url: String, subjects: String) -> Settings {
        let authentication = match (&self.credentials_file, &self.nkey_seed_file) {
            (Some(path), _) => Authentication::CredentialsFile(path.clone()),
            (None, Some(path)) => Authentication::NkeySeedFile(path.clone()),
            (None, None) => Authentication::Anonymous,
        };
        Settings {
            url,
            authentication,
            authority_file: self.authority_file.clone(),
            client_certificate: self.certificate_file.clone().zip(self.key_file.clone()),
            stream: StreamSettings {
                name: self.stream.clone(),
                subjects,
                replicas: self.replicas,
                max_age: Duration::from_hours(u64::from(self.retention_hours)),
                max_bytes: i64::from(self.max_megabytes) * BYTES_OF_MEGABYTE,
                dedupe_window: Duration::from_secs(u64::from(self.dedupe_window_seconds)),
            },
        }
    }
}
