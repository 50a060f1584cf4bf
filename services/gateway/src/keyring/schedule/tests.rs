use super::*;
use Standing::{FromTheFuture, Gone, Next, Retired, Revoked, Signing};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

const SCHEDULE: Schedule =
    Schedule { rotation: Some(Duration::from_hours(90 * 24)), publish_ahead: DAY, kept: Duration::from_hours(48) };

fn day(day: u64) -> Timestamp {
    let first: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    first.plus(DAY * u32::try_from(day).unwrap())
}

fn made(on: u64) -> Made {
    Made { id: KeyId(uuid::Uuid::from_u128(u128::from(on))), created_at: day(on), revoked_at: None }
}

fn revoked(on: u64, at: Timestamp) -> Made {
    Made { revoked_at: Some(at), ..made(on) }
}

fn stand(oldest_first: &[Made], now: Timestamp) -> Vec<Standing> {
    SCHEDULE.places(oldest_first, now).iter().map(|place| place.standing).collect()
}

#[test]
fn the_first_key_signs_at_once_and_each_other_one_when_it_was_published_long_enough() {
    let line = [made(0), made(90)];
    assert_eq!(stand(&line[..1], day(0)), [Signing]);
    let moment = Duration::from_millis(1);
    for (now, expected) in [
        (day(90), [Signing, Next]),
        (day(91).minus(moment), [Signing, Next]),
        (day(91), [Retired, Signing]),
        (day(93).minus(moment), [Retired, Signing]),
        (day(93), [Gone, Signing]),
        (day(500), [Gone, Signing]),
    ] {
        assert_eq!(stand(&line, now), expected, "{now}");
        let next = Schedule::changes_at(&SCHEDULE.places(&line, now), now);
        assert_eq!(next, [day(91), day(93)].into_iter().find(|at| *at > now), "{now}");
    }
}

#[test]
fn at_every_moment_one_key_signs_which_was_published_all_the_time_that_somebody_may_keep_the_set() {
    let line: Vec<Made> = (0..9).map(|index| made(90 * index)).collect();
    for hour in 0..24 * 750 {
        let now = day(0).plus(HOUR * hour);
        let known =
            |now: Timestamp| -> Vec<Made> { line.iter().filter(|made| made.created_at <= now).copied().collect() };
        let places = SCHEDULE.places(&known(now), now);
        let signing: Vec<KeyId> = of(&places, |standing| standing == Signing);
        assert_eq!(signing.len(), 1, "{now}");
        for other in [now.minus(23 * HOUR), now.plus(47 * HOUR)] {
            let seen = SCHEDULE.places(&known(other.max(day(0))), other.max(day(0)));
            assert!(of(&seen, Standing::is_published).contains(&signing[0]), "{now}, as published {other}");
        }
        assert!(of(&places, Standing::is_published).len() <= 2, "{now}");
    }
}

fn of(places: &[Place], wanted: impl Fn(Standing) -> bool) -> Vec<KeyId> {
    places.iter().filter(|place| wanted(place.standing)).map(|place| place.made.id).collect()
}

#[test]
fn the_next_key_is_due_when_the_newest_is_old_enough_and_at_once_when_none_can_sign() {
    let due = |line: &[Made], now| SCHEDULE.due(&SCHEDULE.places(line, now));
    assert_eq!(due(&[made(0)], day(1)), Some(day(90)));
    assert_eq!(due(&[made(0), made(90)], day(90)), Some(day(180)), "the next one counts");
    assert_eq!(due(&[revoked(0, day(3))], day(4)), Some(Timestamp::EPOCH));
    let by_hand = Schedule { rotation: None, ..SCHEDULE };
    assert_eq!(by_hand.due(&by_hand.places(&[made(0)], day(5_000))), None);
    assert_eq!(by_hand.due(&by_hand.places(&[], day(0))), Some(Timestamp::EPOCH));
}

#[test]
fn the_one_after_a_revoked_key_signs_at_once_and_none_before_it_comes_back() {
    let line = [made(0), revoked(90, day(100)), made(100)];
    assert_eq!(stand(&line, day(100)), [Gone, Revoked, Signing]);
    // Also while the one before it is published still.
    let line = [made(0), revoked(90, day(92)), made(92)];
    assert_eq!(stand(&line, day(92)), [Retired, Revoked, Signing]);
    assert_eq!(stand(&line, day(93)), [Gone, Revoked, Signing]);
    // And where the next one was there already.
    let line = [revoked(0, day(90).plus(HOUR)), made(90)];
    assert_eq!(stand(&line, day(90).plus(HOUR)), [Revoked, Signing]);
    // Alone it does not sign, whatever is to be done about it.
    assert_eq!(stand(&line[..1], day(90).plus(HOUR)), [Revoked]);
}

#[test]
fn a_key_that_is_revoked_before_it_signed_is_nobodys_predecessor() {
    let line = [made(0), revoked(90, day(90).plus(HOUR)), made(92)];
    assert_eq!(stand(&line, day(92)), [Signing, Revoked, Next], "the one after it waits its time");
    assert_eq!(stand(&line, day(93)), [Retired, Revoked, Signing]);
    assert_eq!(stand(&line[..2], day(200)), [Signing, Revoked]);
}

#[test]
fn a_revoked_key_is_needed_until_what_its_successor_is_reckoned_from_is_over() {
    let until = |line: &[Made], now| SCHEDULE.places(line, now)[1].needed_until;
    assert_eq!(until(&[made(0), revoked(90, day(100))], day(200)), None, "nothing follows it");
    assert_eq!(until(&[made(0), revoked(90, day(100)), made(100)], day(200)), Some(day(102)));
    assert_eq!(until(&[made(0), revoked(90, day(90)), made(180)], day(200)), Some(day(92)), "it never signed");
}

#[test]
fn what_was_made_in_the_future_is_not_believed_and_the_others_go_on() {
    assert_eq!(stand(&[made(0), made(400)], day(91)), [Signing, FromTheFuture]);
    let due = SCHEDULE.due(&SCHEDULE.places(&[made(0), made(400)], day(91)));
    assert_eq!(due, Some(day(90)), "and does not keep the next one from being made");
    assert_eq!(stand(&[made(400)], day(0)), [FromTheFuture]);
    let a_little = Made { created_at: day(0).plus(CLOCK_AHEAD_MAX), ..made(0) };
    assert_eq!(stand(&[a_little], day(0)), [Signing], "clocks differ a little");
}

#[test]
fn a_key_of_a_clock_that_was_ahead_never_takes_the_place_of_the_ones_that_followed_it() {
    let line = [made(0), made(400), made(91), made(181), made(271), made(361)];
    for (now, signing) in [(day(95), 2), (day(362), 5), (day(400), 5), (day(402), 5), (day(440), 5)] {
        let (known, now) = (line.iter().filter(|made| made.created_at <= now || made.created_at == day(400)), now);
        let places = SCHEDULE.places(&known.copied().collect::<Vec<_>>(), now);
        assert_eq!(of(&places, |standing| standing == Signing), [line[signing].id], "{now}");
        assert!(!of(&places, Standing::is_published).contains(&line[1].id), "{now}");
    }
    // Where nothing followed it, it is a key like others when its time comes, published before it signs.
    assert_eq!(stand(&[made(0), made(60)], day(60)), [Signing, Next]);
}

#[test]
fn a_clock_that_goes_back_or_ahead_leaves_one_key_to_sign() {
    let line = [made(0), made(90)];
    assert_eq!(stand(&line, day(92)), [Retired, Signing]);
    assert_eq!(stand(&line, day(90)), [Signing, Next], "back by two days");
    assert_eq!(stand(&line, day(10)), [Signing, FromTheFuture], "back by eighty");
    assert_eq!(stand(&line, day(4_000)), [Gone, Signing], "far ahead");
}
