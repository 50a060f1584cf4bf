use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use vestibule_fetch::{Network, Policy, Settings, limit::NETWORKS_MAX};
use vestibule_host::config::{ConfigError, Validate};

/// `[registry]`: the registry.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a list may wait for what was written before it was asked for, in milliseconds, 1 to 30,000.
    pub list_wait_max_millis: u64,
    /// After how many seconds without an event a subscriber is told how far the log was read, 1 to 60.
    pub events_progress_seconds: u64,
    /// Networks that are not public, in which metadata may be read all the same, such as `10.20.0.0/16`; at most 64.
    pub metadata_networks: Vec<Network>,
    /// Whether metadata may be read over plain http. Whoever is on the way can then change it: pin its signature.
    pub metadata_plain_http: bool,
    /// Certificate authorities, PEM, that are trusted beside the machine's where metadata is read.
    pub metadata_authority_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            list_wait_max_millis: 2_000,
            events_progress_seconds: 10,
            metadata_networks: Vec::new(),
            metadata_plain_http: false,
            metadata_authority_file: None,
        }
    }
}

impl Config {
    pub(crate) const fn list_wait_max(&self) -> Duration {
        Duration::from_millis(self.list_wait_max_millis)
    }

    /// How metadata is fetched.
    pub(crate) fn fetching(&self) -> Settings {
        let policy = Policy { networks: self.metadata_networks.clone(), plain_http: self.metadata_plain_http };
        Settings { policy, authority_file: self.metadata_authority_file.clone(), ..Settings::default() }
    }

    pub(crate) const fn events_progress(&self) -> Duration {
        Duration::from_secs(self.events_progress_seconds)
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        if !(1..=30_000).contains(&self.list_wait_max_millis) {
            let problem = "use 1 to 30000 milliseconds".to_owned();
            return Err(ConfigError::Invalid { key: "registry.list_wait_max_millis", problem });
        }
        if !(1..=60).contains(&self.events_progress_seconds) {
            let problem = "use 1 to 60 seconds".to_owned();
            return Err(ConfigError::Invalid { key: "registry.events_progress_seconds", problem });
        }
        if self.metadata_networks.len() > NETWORKS_MAX {
            let problem = format!("name at most {NETWORKS_MAX} networks");
            return Err(ConfigError::Invalid { key: "registry.metadata_networks", problem });
        }
        Ok(())
    }
}
