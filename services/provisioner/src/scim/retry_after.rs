use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use vestibule_kernel::Timestamp;

use crate::limit::RETRY_AFTER_MAX;

/// How long the service wants to be left alone (RFC 9110 section 10.2.3): seconds, or a date. No longer than we bear.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let date = OffsetDateTime::parse(value, &Rfc2822).ok()?;
        Timestamp::from_unix_seconds(date.unix_timestamp()).since(now)
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_says_how_long_in_seconds_or_as_a_date() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let wait = |value: &str| retry_after(value, now);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sat, 21 Nov 2026 10:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Sat, 21 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO), "over already");
        for endless in ["999999999", "18446744073709551615", "Sat, 21 Nov 2099 10:00:00 GMT"] {
            assert_eq!(wait(endless), Some(RETRY_AFTER_MAX), "{endless}");
        }
        for nonsense in ["", "soon", "-1", "1.5", "18446744073709551616"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }
}
