use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_host::config::{ConfigError, Validate};

/// `[routing]`: the routing service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long routing goes on answering from memory while the event log cannot be read, in seconds, 2 to 86,400. The
    /// other services look again: this decides how long people are sent to an identity provider that was current then.
    pub view_age_max_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { view_age_max_seconds: 300 }
    }
}

impl Config {
    pub(crate) const fn view_age_max(&self) -> Duration {
        Duration::from_secs(self.view_age_max_seconds)
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        if (2..=86_400).contains(&self.view_age_max_seconds) {
            return Ok(());
        }
        let problem = "use 2 to 86400 seconds; the view is refreshed every second".to_owned();
        Err(ConfigError::Invalid { key: "routing.view_age_max_seconds", problem })
    }
}
