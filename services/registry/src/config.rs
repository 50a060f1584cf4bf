use serde::Deserialize;

/// The registry's own settings.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a list may wait for what was written before it was asked for, in milliseconds; 1 to 30,000.
    pub list_wait_max_millis: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { list_wait_max_millis: 2_000 }
    }
}

/// A setting is not usable.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidConfig {
    /// Out of range.
    #[error("registry.list_wait_max_millis must be between 1 and 30000")]
    ListWait,
}

impl Config {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`InvalidConfig`] names the setting.
    pub const fn validate(&self) -> Result<(), InvalidConfig> {
        if self.list_wait_max_millis >= 1 && self.list_wait_max_millis <= 30_000 {
            Ok(())
        } else {
            Err(InvalidConfig::ListWait)
        }
    }
}
