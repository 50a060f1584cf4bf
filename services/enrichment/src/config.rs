use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use vestibule_host::config::{ConfigError, Validate};

/// `[enrichment]`: the enrichment service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long people are let in from memory while the event log cannot be read, in seconds, 2 to 3,600. A suspension
    /// that was recorded meanwhile takes effect this much later at most.
    pub view_age_max_seconds: u64,
    /// How long the log may take when a person who is not known yet is looked for in it, in milliseconds, 100 to 4,000. The
    /// Lambda function gives up after 2 seconds, Cognito after 5.
    pub lookup_wait_milliseconds: u64,
    /// How many unknown people are looked for in a second, 1 to 10,000; twice as many at once. As many again are looked for
    /// because the view would refuse them.
    pub lookups_per_second_max: u32,
    /// The file with the key, 32 to 1,024 bytes, of the challenge by which a backend of yours signs in users whom a pool
    /// holds itself. Without it, sign-ins by challenges are refused.
    pub challenge_key_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            view_age_max_seconds: 30,
            lookup_wait_milliseconds: 1_500,
            lookups_per_second_max: 100,
            challenge_key_file: None,
        }
    }
}

impl Config {
    pub(crate) const fn view_age_max(&self) -> Duration {
        Duration::from_secs(self.view_age_max_seconds)
    }

    pub(crate) const fn lookup_wait(&self) -> Duration {
        Duration::from_millis(self.lookup_wait_milliseconds)
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        let invalid = |key, problem: &str| Err(ConfigError::Invalid { key, problem: problem.to_owned() });
        if !(2..=3_600).contains(&self.view_age_max_seconds) {
            let problem = "use 2 to 3600 seconds; the view is refreshed every second";
            return invalid("enrichment.view_age_max_seconds", problem);
        }
        if !(100..=4_000).contains(&self.lookup_wait_milliseconds) {
            return invalid("enrichment.lookup_wait_milliseconds", "use 100 to 4000 milliseconds");
        }
        if !(1..=10_000).contains(&self.lookups_per_second_max) {
            return invalid("enrichment.lookups_per_second_max", "use 1 to 10000");
        }
        Ok(())
    }
}
