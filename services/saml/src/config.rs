use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_host::config::{ConfigError, Validate};
use vestibule_saml::limit::SKEW_MAX;

/// `[saml]`: the SAML service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// By how much an identity provider's clock may differ from ours, in seconds, at most 300.
    pub clock_skew_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { clock_skew_seconds: 60 }
    }
}

impl Config {
    pub(crate) const fn clock_skew(&self) -> Duration {
        Duration::from_secs(self.clock_skew_seconds)
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        if self.clock_skew() <= SKEW_MAX {
            return Ok(());
        }
        let problem =
            format!("use at most {} seconds: whoever is further off has to set their clock", SKEW_MAX.as_secs());
        Err(ConfigError::Invalid { key: "saml.clock_skew_seconds", problem })
    }
}
