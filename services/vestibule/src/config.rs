//! The whole configuration of a process. Each section is defined, and checked, by whom it configures.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vestibule_host::config::{ConfigError, Deployment, Grpc, Http, Peers, Store, Telemetry, Validate};

use crate::nats::Nats;

/// Every setting; `deploy/vestibule.toml` shows them with their defaults.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) deployment: Deployment,
    pub(crate) store: Store,
    pub(crate) grpc: Grpc,
    pub(crate) http: Http,
    pub(crate) peers: Peers,
    pub(crate) telemetry: Telemetry,
    pub(crate) log: Log,
    pub(crate) nats: Nats,
    pub(crate) registry: vestibule_registry_service::Config,
    pub(crate) routing: vestibule_routing_service::Config,
    pub(crate) saml: vestibule_saml_service::Config,
    pub(crate) enrichment: vestibule_enrichment_service::Config,
    pub(crate) gateway: vestibule_gateway_service::Config,
    pub(crate) scim: vestibule_scim_service::Config,
    pub(crate) sandbox: Sandbox,
}

/// `[log]`: the proof that nobody has changed the event log, and snapshots of what is made of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// The directory that signed checkpoints are exported to; `checkpoints` in the data directory by default. Keep it, or
    /// a copy of it, where whoever can write to the database cannot.
    pub(crate) checkpoint_directory: Option<PathBuf>,
    /// How often a checkpoint is made while there is something new; 0 makes none.
    pub(crate) checkpoint_seconds: u64,
    /// After how many events for a view the registry's process takes the next snapshot of it, so that a process which starts
    /// need not read the whole log; 0 takes none.
    pub(crate) snapshot_events: u64,
    /// How often it looks whether there are so many, in seconds, 1 to 86,400.
    pub(crate) snapshot_seconds: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self { checkpoint_directory: None, checkpoint_seconds: 300, snapshot_events: 50_000, snapshot_seconds: 300 }
    }
}

/// `[sandbox]`: where the simulators listen; 0 lets the system choose.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sandbox {
    /// The port of the simulated identity providers.
    pub(crate) identity_provider: u16,
    /// The port of the simulated Cognito.
    pub(crate) cognito: u16,
    /// The port of the demo application: the address to open.
    pub(crate) application: u16,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self { identity_provider: 8810, cognito: 8820, application: 8830 }
    }
}

impl Config {
    pub(crate) fn checkpoint_directory(&self) -> PathBuf {
        let default = || self.deployment.data_directory.join("checkpoints");
        self.log.checkpoint_directory.clone().unwrap_or_else(default)
    }

    pub(crate) fn registry_token_file(&self) -> PathBuf {
        let default = || self.deployment.data_directory.join("registry.token");
        self.grpc.registry_token_file.clone().unwrap_or_else(default)
    }
}

impl Validate for Log {
    fn validate(&self) -> Result<(), ConfigError> {
        if (1..=86_400).contains(&self.snapshot_seconds) {
            return Ok(());
        }
        let problem = "use 1 to 86400 seconds, and snapshot_events = 0 to take none".to_owned();
        Err(ConfigError::Invalid { key: "log.snapshot_seconds", problem })
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        self.deployment.validate()?;
        self.grpc.validate()?;
        self.telemetry.validate()?;
        self.log.validate()?;
        self.nats.validate()?;
        self.registry.validate()?;
        self.routing.validate()?;
        self.saml.validate()?;
        self.enrichment.validate()?;
        self.gateway.validate()?;
        self.scim.validate()
    }
}
