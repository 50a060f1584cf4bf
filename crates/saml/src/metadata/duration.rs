use std::time::Duration;

/// The designators of the date part and of the time part, each with its seconds. A month is taken for 30 days and a year
/// for 365: what is meant is how often to look.
const DATE: [(u8, u64); 3] = [(b'Y', 365 * 86_400), (b'M', 30 * 86_400), (b'D', 86_400)];
const TIME: [(u8, u64); 3] = [(b'H', 3_600), (b'M', 60), (b'S', 1)];

/// Digits of a number; more than any duration that somebody means.
const DIGITS_MAX: usize = 12;

/// An `xs:duration` (XML Schema part 2 section 3.2.6) that is not negative; fractions of a second are dropped.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim_ascii().strip_prefix('P')?;
    let (date, time) = match text.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None if text.is_empty() => return None,
        None => (text, ""),
    };
    Some(Duration::from_secs(seconds(date, &DATE, false)?.saturating_add(seconds(time, &TIME, true)?)))
}

/// Numbers with designators, each at most once and in their order.
fn seconds(mut text: &str, designators: &[(u8, u64)], fractions: bool) -> Option<u64> {
    let mut total: u64 = 0;
    let mut designators = designators.iter();
    while !text.is_empty() {
        let (number, rest) = text.split_at_checked(text.find(|each: char| !each.is_ascii_digit() && each != '.')?)?;
        let designator = *rest.as_bytes().first()?;
        let (_, unit) = designators.find(|(known, _)| *known == designator)?;
        let whole = match number.split_once('.') {
            Some((whole, fraction)) if fractions && designator == b'S' && is_number(fraction) => whole,
            Some(_) => return None,
            None => number,
        };
        let whole: u64 = Some(whole).filter(|whole| is_number(whole))?.parse().ok()?;
        total = total.saturating_add(whole.saturating_mul(*unit));
        text = rest.get(1..)?;
    }
    Some(total)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_federations_write_them() {
        for (text, seconds) in [
            ("PT1H", 3_600),
            ("PT60M", 3_600),
            ("P1D", 86_400),
            ("P7D", 604_800),
            ("P1DT12H", 129_600),
            ("PT6H30M15.250S", 23_415),
            ("P0Y0M0DT4H0M0.000S", 14_400),
            ("P1Y2M", 365 * 86_400 + 60 * 86_400),
            ("PT0S", 0),
            (" PT1H ", 3_600),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_nothing() {
        for text in [
            "",
            "P",
            "PT",
            "1H",
            "-PT1H",
            "P-1D",
            "PT1H1H",
            "PT1M1H",
            "P1H",
            "PT1D",
            "P1.5D",
            "PTS",
            "PT.5S",
            "PT1.S",
            "PT1",
            "P1",
            "PT1h",
            "P1D1",
            "PT1HT1M",
            "PT9999999999999S",
            "PT1Sé",
            "Pé",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(parse("P999999999999Y").is_some());
    }
}
