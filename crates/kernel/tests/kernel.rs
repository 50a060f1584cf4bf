//! Black-box tests of the kernel.

use std::time::Duration;

use vestibule_kernel::{Clock, IdSource, ManualClock, PersonId, SeededIds, SystemIds, Timestamp, constant_time_eq};

#[test]
fn a_timestamp_survives_its_text_form() {
    let moment: Timestamp = "2026-11-21T07:30:01.250Z".parse().unwrap();
    assert_eq!(moment.unix_millis(), 1_795_246_201_250);
    assert_eq!(moment.to_string().parse(), Ok(moment));
    assert_eq!(serde_json::from_str::<Timestamp>(&serde_json::to_string(&moment).unwrap()).unwrap(), moment);
    assert_eq!("2026-11-21T08:30:01.250+01:00".parse(), Ok(moment));
    assert_eq!(moment.year_month(), (2026, 11));
}

#[test]
fn time_outside_of_rfc_3339_is_refused_and_arithmetic_saturates() {
    assert!("1969-12-31T23:59:59Z".parse::<Timestamp>().is_err());
    assert!("2026-11-21".parse::<Timestamp>().is_err());
    assert_eq!(Timestamp::EPOCH.minus(Duration::from_secs(1)), Timestamp::EPOCH);
    assert_eq!(Timestamp::from_unix_millis(i64::MAX).plus(Duration::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    assert_eq!(Timestamp::EPOCH.since(Timestamp::from_unix_seconds(5)), Duration::ZERO);
}

#[test]
fn an_id_has_exactly_one_text() {
    let text = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(text.parse::<PersonId>().unwrap().to_string(), text);
    for other in [text.to_uppercase(), text.replace('-', ""), format!("{{{text}}}"), format!("{text} "), String::new()]
    {
        assert!(other.parse::<PersonId>().is_err(), "{other}");
    }
}

#[test]
fn ids_of_version_7_sort_by_time_and_version_4_differ() {
    let ids = SeededIds::new(1);
    let earlier = ids.uuid_v7(Timestamp::from_unix_seconds(1_000));
    let later = ids.uuid_v7(Timestamp::from_unix_seconds(1_001));
    assert!(earlier < later);
    assert_eq!((earlier.get_version_num(), ids.uuid_v4().get_version_num()), (7, 4));
    assert_ne!(SystemIds.uuid_v4(), SystemIds.uuid_v4());
}

#[test]
fn seeded_randomness_repeats() {
    let draw = |seed| (&SeededIds::new(seed) as &dyn IdSource).bytes::<24>();
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

#[test]
fn a_manual_clock_moves_only_when_told() {
    let clock = ManualClock::at(Timestamp::from_unix_seconds(10));
    assert_eq!(clock.now(), Timestamp::from_unix_seconds(10));
    clock.advance(Duration::from_secs(5));
    assert_eq!(clock.now(), Timestamp::from_unix_seconds(15));
}

#[test]
fn secrets_of_different_length_are_unequal() {
    assert!(constant_time_eq(b"same", b"same"));
    assert!(!constant_time_eq(b"same", b"sama"));
    assert!(!constant_time_eq(b"same", b"same longer"));
}
