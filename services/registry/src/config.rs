use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_host::config::{ConfigError, Validate};

/// `[registry]`: the registry.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a list may wait for what was written before it was asked for, in milliseconds, 1 to 30,000.
    pub list_wait_max_millis: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { list_wait_max_millis: 2_000 }
    }
}

impl Config {
    pub(crate) const fn list_wait_max(&self) -> Duration {
        Duration::from_millis(self.list_wait_max_millis)
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        if (1..=30_000).contains(&self.list_wait_max_millis) {
            return Ok(());
        }
        let problem = "use 1 to 30000 milliseconds".to_owned();
        Err(ConfigError::Invalid { key: "registry.list_wait_max_millis", problem })
    }
}
