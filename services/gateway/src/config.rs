use std::{ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Serialize};
use vestibule_host::config::{ConfigError, Validate};
use vestibule_oidc::ID_TOKEN_LIFETIME;

use crate::{
    keyring::{CLOCK_AHEAD_MAX, Schedule},
    limit::{KEYS_AGE_MAX, PUBLIC_MAX_AGE},
};

/// For how many hours a signing key may stand in the key set before it signs, or after it has signed.
const HOURS: RangeInclusive<u64> = 1..=168;

/// How many days old a signing key may become before the next one is made.
const ROTATION_DAYS_MAX: u64 = 730;

/// How keys follow each other where every setting is what is longest.
pub(crate) const SLOWEST: Schedule = Schedule {
    rotation: None,
    publish_ahead: Duration::from_hours(*HOURS.end()),
    kept: Duration::from_hours(*HOURS.end()),
};

const HOUR: Duration = Duration::from_hours(1);

// Whoever keeps a copy of the key set has read it again before a new key signs, also where the gateway that was asked had not
// heard of the key yet, and by the clock that is furthest ahead.
const _: () = assert!(HOUR.as_secs() > PUBLIC_MAX_AGE.as_secs() + KEYS_AGE_MAX.as_secs() + CLOCK_AHEAD_MAX.as_secs());
// A token verifies until it has expired by the clock that is furthest behind, also for who reads the key set only then.
const _: () =
    assert!(HOUR.as_secs() > ID_TOKEN_LIFETIME.as_secs() + PUBLIC_MAX_AGE.as_secs() + CLOCK_AHEAD_MAX.as_secs());

/// `[gateway]`: the HTTP edge.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many days old a key that signs ID tokens becomes before the next one is made, longer than the two times below
    /// together, to 730; 0: only an operator makes one.
    pub signing_key_rotation_days: u64,
    /// For how many hours the next key stands in the key set before it signs, 1 to 168.
    pub signing_key_publish_ahead_hours: u64,
    /// For how many hours a key stays in the key set after it has signed, 1 to 168.
    pub signing_key_kept_hours: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { signing_key_rotation_days: 90, signing_key_publish_ahead_hours: 24, signing_key_kept_hours: 24 }
    }
}

impl Config {
    pub(crate) const fn schedule(&self) -> Schedule {
        Schedule {
            rotation: match self.signing_key_rotation_days {
                0 => None,
                days => Some(Duration::from_hours(24 * days)),
            },
            publish_ahead: Duration::from_hours(self.signing_key_publish_ahead_hours),
            kept: Duration::from_hours(self.signing_key_kept_hours),
        }
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        let (ahead, kept) = (self.signing_key_publish_ahead_hours, self.signing_key_kept_hours);
        let range = format!("use {} to {} hours", HOURS.start(), HOURS.end());
        if !HOURS.contains(&ahead) {
            let problem =
                format!("{range}: who keeps a copy of the key set has to read it again before a new key signs");
            return Err(ConfigError::Invalid { key: "gateway.signing_key_publish_ahead_hours", problem });
        }
        if !HOURS.contains(&kept) {
            let problem = format!("{range}: what the key before has signed must verify until it has expired");
            return Err(ConfigError::Invalid { key: "gateway.signing_key_kept_hours", problem });
        }
        // Then at most three keys of an algorithm are there at a time, and one rotation is over before the next begins.
        let sensible = (ahead + kept) / 24 + 1..=ROTATION_DAYS_MAX;
        if self.signing_key_rotation_days != 0 && !sensible.contains(&self.signing_key_rotation_days) {
            let (least, most) = (sensible.start(), sensible.end());
            let problem = format!(
                "use 0 (only by `vestibule keys rotate`), or {least} to {most} days: longer than a key is published before \
                 and after it signs ({ahead} and {kept} hours)"
            );
            return Err(ConfigError::Invalid { key: "gateway.signing_key_rotation_days", problem });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(config: &Config) -> Option<String> {
        config.validate().err().map(|error| error.to_string())
    }

    #[test]
    fn what_cannot_work_is_refused_and_says_why_and_what_to_write() {
        let is = Config::default;
        let cases = [
            (
                Config { signing_key_publish_ahead_hours: 0, ..is() },
                ["publish_ahead_hours", "1 to 168", "read it again"],
            ),
            (Config { signing_key_publish_ahead_hours: 169, ..is() }, ["publish_ahead_hours", "1 to 168", "copy"]),
            (Config { signing_key_kept_hours: 0, ..is() }, ["kept_hours", "1 to 168", "until it has expired"]),
            (Config { signing_key_kept_hours: 169, ..is() }, ["kept_hours", "1 to 168", "verify"]),
            (Config { signing_key_rotation_days: 2, ..is() }, ["rotation_days", "3 to 730", "24 and 24 hours"]),
            (Config { signing_key_rotation_days: 731, ..is() }, ["rotation_days", "3 to 730", "vestibule keys rotate"]),
        ];
        for (config, words) in cases {
            let said = refused(&config).unwrap();
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
        }
    }

    #[test]
    fn what_works_is_taken() {
        let is = Config::default;
        for config in [
            is(),
            Config { signing_key_rotation_days: 0, ..is() },
            Config { signing_key_rotation_days: 1, signing_key_publish_ahead_hours: 1, signing_key_kept_hours: 1 },
            Config { signing_key_rotation_days: 15, signing_key_publish_ahead_hours: 168, signing_key_kept_hours: 168 },
            Config { signing_key_rotation_days: 730, ..is() },
        ] {
            assert_eq!(refused(&config), None, "{config:?}");
        }
        assert!(is().schedule().rotation.is_some());
        assert!(Config { signing_key_rotation_days: 0, ..is() }.schedule().rotation.is_none());
    }
}
