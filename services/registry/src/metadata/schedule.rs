//! When metadata is read next.

use std::time::Duration;

use url::Url;
use vestibule_kernel::Timestamp;

/// However often a document asks for it, an identity provider is not asked more often.
pub(super) const EVERY_MIN: Duration = Duration::from_hours(1);
/// However seldom a document asks for it, a rotation is noticed within a day.
pub(super) const EVERY_MAX: Duration = Duration::from_hours(24);
/// How often where the document does not say.
pub(super) const EVERY_DEFAULT: Duration = Duration::from_hours(6);
/// After the first failure; each further one doubles it.
pub(super) const RETRY_MIN: Duration = Duration::from_mins(5);
/// After many.
pub(super) const RETRY_MAX: Duration = Duration::from_hours(6);
/// A signature that nobody knows makes a connection's metadata read earlier, once in so long.
pub(super) const EARLY_EVERY: Duration = Duration::from_mins(5);

/// By how much of itself a pause is shortened at random, so that connections that were made together are not read together.
const JITTER_PERCENT: u32 = 20;

const _: () = assert!(RETRY_MAX.as_secs() <= EVERY_MAX.as_secs(), "trying again does not take longer than refreshing");

/// After a document was read, or was unchanged. `random` is any byte.
pub(super) fn next(now: Timestamp, cache: Option<Duration>, valid_until: Option<Timestamp>, random: u8) -> Timestamp {
    let wanted = cache.unwrap_or(EVERY_DEFAULT);
    // What is about to end is replaced in time, not at its end.
    let lasts = valid_until.map_or(EVERY_MAX, |until| until.since(now) / 2);
    now.plus(shortened(wanted.min(lasts).clamp(EVERY_MIN, EVERY_MAX), random))
}

/// After so many failures, one after the other.
pub(super) fn retry(now: Timestamp, failures: u32, random: u8) -> Timestamp {
    let doubled = RETRY_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16));
    now.plus(shortened(doubled.min(RETRY_MAX), random))
}

fn shortened(pause: Duration, random: u8) -> Duration {
    pause.saturating_sub(pause / (256 * 100) * (u32::from(random) * JITTER_PERCENT))
}

/// Who is asked when the document at `url` is read: the host's name, which is one with and without a dot at its end.
pub(super) fn host_of(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    host.strip_suffix('.').unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn pause(next: Timestamp) -> Duration {
        next.since(NOW)
    }

    #[test]
    fn documents_say_how_often_between_an_hour_and_a_day() {
        let hours = Duration::from_hours;
        for (cache, expected) in [
            (None, EVERY_DEFAULT),
            (Some(Duration::ZERO), hours(1)),
            (Some(Duration::from_mins(5)), hours(1)),
            (Some(hours(8)), hours(8)),
            (Some(hours(24 * 30)), hours(24)),
            (Some(Duration::MAX), hours(24)),
        ] {
            assert_eq!(pause(next(NOW, cache, None, 0)), expected, "{cache:?}");
        }
        assert_eq!(pause(next(NOW, Some(hours(24)), Some(NOW.plus(hours(8))), 0)), hours(4));
        assert_eq!(pause(next(NOW, Some(hours(24)), Some(NOW.plus(hours(1))), 0)), hours(1));
        assert_eq!(pause(next(NOW, None, Some(NOW.minus(hours(1))), 0)), hours(1));
    }

    #[test]
    fn failures_are_tried_again_more_and_more_seldom() {
        let pauses: Vec<u64> = (0..9).map(|failures| pause(retry(NOW, failures, 0)).as_secs() / 60).collect();
        assert_eq!(pauses, [5, 5, 10, 20, 40, 80, 160, 320, 360]);
        assert_eq!(pause(retry(NOW, u32::MAX, 0)), RETRY_MAX);
    }

    #[test]
    fn a_host_is_one_however_it_is_written() {
        for url in ["https://idp.acme.test/a", "https://IDP.ACME.test.:8443/b?c", "http://idp.acme.test./"] {
            assert_eq!(host_of(url), "idp.acme.test", "{url}");
        }
        assert_eq!(host_of("https://[2001:DB8::1]/"), "[2001:db8::1]");
        assert_eq!(host_of("nonsense"), "");
    }

    #[test]
    fn chance_shortens_by_a_fifth_at_most() {
        for random in [1, 128, 255] {
            let shortened = pause(next(NOW, None, None, random));
            assert!(shortened < EVERY_DEFAULT && shortened > EVERY_DEFAULT.mul_f64(0.79), "{shortened:?}");
        }
    }
}
