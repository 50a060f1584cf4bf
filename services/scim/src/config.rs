use serde::{Deserialize, Serialize};
use vestibule_host::config::{ConfigError, Validate};

/// `[scim]`: the SCIM edge.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many requests one directory may make in a second, 1 to 1,000, at each process of this service.
    pub per_directory_second_max: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { per_directory_second_max: 50 }
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        if (1..=1_000).contains(&self.per_directory_second_max) {
            return Ok(());
        }
        let problem = "use 1 to 1000 requests".to_owned();
        Err(ConfigError::Invalid { key: "scim.per_directory_second_max", problem })
    }
}
