use std::time::Duration;

use serde::Deserialize;
use vestibule_saml::limit::SKEW_MAX;

/// The SAML service's own settings.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By how much an identity provider's clock may differ from ours, in seconds; at most 300.
    pub clock_skew_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { clock_skew_seconds: 60 }
    }
}

/// A setting is not usable.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidConfig {
    /// Out of range.
    #[error("saml.clock_skew_seconds must be at most {}", SKEW_MAX.as_secs())]
    ClockSkew,
}

impl Config {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`InvalidConfig`] names the setting.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        if self.skew() <= SKEW_MAX { Ok(()) } else { Err(InvalidConfig::ClockSkew) }
    }

    pub(crate) const fn skew(&self) -> Duration {
        Duration::from_secs(self.clock_skew_seconds)
    }
}
