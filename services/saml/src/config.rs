use std::{fmt::Display, ops::RangeInclusive, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use vestibule_host::config::{ConfigError, Validate};
use vestibule_saml::limit::SKEW_MAX;

use crate::second_opinion::Mode;

/// How many processes of the second opinion there may be: each is one sign-in at a time.
const CHILDREN: RangeInclusive<usize> = 2..=64;

/// How long a second opinion may be waited for: the gateway gives up after three seconds.
const WAIT_MILLISECONDS: RangeInclusive<u64> = 50..=2_500;

/// How many second opinions one connection may ask for in a second.
const PER_CONNECTION: RangeInclusive<u64> = 1..=1_000;

/// For how many days a new key may stand in our metadata before it signs.
const KEY_OVERLAP_DAYS_MAX: u64 = 90;

/// How many days old a key may become before the next one is made: the life of the certificates around them.
const KEY_ROTATION_DAYS_MAX: u64 = 3_650;

/// `[saml]`: the SAML service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// By how much an identity provider's clock may differ from ours, in seconds, at most 300.
    pub clock_skew_seconds: u64,
    /// For how many days a key of ours stands in our metadata before it signs, at most 90: so long identity providers have
    /// to read the metadata again after a rotation.
    pub key_overlap_days: u64,
    /// How many days old a key of ours becomes before the next one is made, twice the overlap to 3,650; 0: only an operator
    /// makes one.
    pub key_rotation_days: u64,
    /// What the second opinion is asked for.
    pub second_opinion: Mode,
    /// Its program, `vestibule-second-opinion`; required unless it is off.
    pub second_opinion_program: Option<PathBuf>,
    /// How long an answer may take, in milliseconds.
    pub second_opinion_wait_milliseconds: u64,
    /// How many of its processes there may be, ready ones and busy ones together.
    pub second_opinion_children_max: usize,
    /// How often one connection may ask in a second.
    pub second_opinion_per_connection_second_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clock_skew_seconds: 60,
            key_overlap_days: 30,
            key_rotation_days: 730,
            second_opinion: Mode::Off,
            second_opinion_program: None,
            second_opinion_wait_milliseconds: 1_000,
            second_opinion_children_max: 4,
            second_opinion_per_connection_second_max: 50,
        }
    }
}

impl Config {
    pub(crate) const fn clock_skew(&self) -> Duration {
        Duration::from_secs(self.clock_skew_seconds)
    }

    pub(crate) const fn key_overlap(&self) -> Duration {
        Duration::from_hours(24 * self.key_overlap_days)
    }

    pub(crate) const fn key_age_max(&self) -> Option<Duration> {
        match self.key_rotation_days {
            0 => None,
            days => Some(Duration::from_hours(24 * days)),
        }
    }
}

impl Config {
    fn validate_second_opinion(&self) -> Result<(), ConfigError> {
        within("saml.second_opinion_children_max", &self.second_opinion_children_max, &CHILDREN)?;
        within("saml.second_opinion_wait_milliseconds", &self.second_opinion_wait_milliseconds, &WAIT_MILLISECONDS)?;
        let key = "saml.second_opinion_per_connection_second_max";
        within(key, &self.second_opinion_per_connection_second_max, &PER_CONNECTION)?;
        if self.second_opinion == Mode::Off {
            return Ok(());
        }
        let problem = match &self.second_opinion_program {
            None => "name the program of the second opinion, or set saml.second_opinion to off".to_owned(),
            // Its processes run in another directory than this one.
            Some(program) if !program.is_absolute() => format!("{} is not an absolute path", program.display()),
            Some(program) => match program.metadata() {
                Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => return Ok(()),
                Ok(_) => format!("{} is not a program", program.display()),
                Err(error) => format!("{} cannot be found: {error}", program.display()),
            },
        };
        Err(ConfigError::Invalid { key: "saml.second_opinion_program", problem })
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        if self.clock_skew() > SKEW_MAX {
            let problem =
                format!("use at most {} seconds: whoever is further off has to set their clock", SKEW_MAX.as_secs());
            return Err(ConfigError::Invalid { key: "saml.clock_skew_seconds", problem });
        }
        if self.key_overlap_days > KEY_OVERLAP_DAYS_MAX {
            let problem = format!("use at most {KEY_OVERLAP_DAYS_MAX} days");
            return Err(ConfigError::Invalid { key: "saml.key_overlap_days", problem });
        }
        // Two keys stand in our metadata: a third one must not come before the second one signs.
        let sensible = (self.key_overlap_days * 2).max(1)..=KEY_ROTATION_DAYS_MAX;
        if self.key_rotation_days != 0 && !sensible.contains(&self.key_rotation_days) {
            let problem =
                format!("use 0, or {} to {}: at least twice saml.key_overlap_days", sensible.start(), sensible.end());
            return Err(ConfigError::Invalid { key: "saml.key_rotation_days", problem });
        }
        self.validate_second_opinion()
    }
}

fn within<T: PartialOrd + Display>(key: &'static str, value: &T, range: &RangeInclusive<T>) -> Result<(), ConfigError> {
    if range.contains(value) {
        return Ok(());
    }
    let problem = format!("use {} to {}", range.start(), range.end());
    Err(ConfigError::Invalid { key, problem })
}
