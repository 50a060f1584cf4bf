use vestibule_decider::{Decider, Scenario};
use vestibule_tenancy::signing_key::{
    Activated, Command, Event, Rejection, Removal, Removed, Retired, SigningKey, Standing,
};

use crate::sample::{note, note_signing_key, now, signing_key_events, signing_key_revoked};

fn history(steps: usize) -> Vec<Event> {
    signing_key_events().into_iter().take(steps).collect()
}

fn retired() -> Standing {
    Standing::Retired { published_until: now() }
}

fn revoke() -> Command {
    Command::Revoke { note: note("lost with a laptop"), now: now() }
}

#[test]
fn each_step_of_its_life_is_told_once() {
    for (step, standing) in [Standing::Next, Standing::Signing, retired(), Standing::Gone].into_iter().enumerate() {
        let command = note_signing_key(standing);
        let told = [signing_key_events()[step].clone()];
        Scenario::<SigningKey>::given(history(step)).when(&command).then(told);
        Scenario::<SigningKey>::given(history(step + 1)).when(&command).then_nothing();
    }
}

#[test]
fn steps_that_nobody_told_of_are_told_of_with_the_next_one() {
    Scenario::<SigningKey>::given_nothing().when(&note_signing_key(Standing::Signing)).then(history(2));
    Scenario::<SigningKey>::given_nothing().when(&note_signing_key(retired())).then(history(3));
    Scenario::<SigningKey>::given(history(1))
        .when(&note_signing_key(retired()))
        .then([Event::from(Activated {}), Retired { published_until: now() }.into()]);
}

#[test]
fn a_clock_that_is_set_back_takes_no_step_back() {
    for standing in [Standing::Next, Standing::Signing] {
        Scenario::<SigningKey>::given(history(3)).when(&note_signing_key(standing)).then_nothing();
        Scenario::<SigningKey>::given(history(4)).when(&note_signing_key(standing)).then_nothing();
    }
}

#[test]
fn of_one_that_was_gone_before_it_was_known_nothing_is_told() {
    Scenario::<SigningKey>::given_nothing().when(&note_signing_key(Standing::Gone)).then_nothing();
    Scenario::<SigningKey>::given_nothing().when(&Command::NoteMissing { now: now() }).then_nothing();
}

#[test]
fn an_operator_takes_a_key_out_at_once_and_once() {
    Scenario::<SigningKey>::given_nothing().when(&revoke()).then_rejected(&Rejection::NotFound);
    for steps in 1..=3 {
        Scenario::<SigningKey>::given(history(steps)).when(&revoke()).then([signing_key_revoked()]);
    }
    let revoked = SigningKey::replay(&[history(2), vec![signing_key_revoked().into()]].concat());
    assert_eq!(revoked.revoked_at(), Some(now()));
    for command in [revoke(), note_signing_key(Standing::Gone), Command::NoteMissing { now: now() }] {
        assert_eq!(revoked.decide(&command), Ok(vec![]));
    }
    assert_eq!(SigningKey::replay(&history(4)).revoked_at(), None, "that was the schedule");
}

#[test]
fn one_that_disappeared_is_told_of_as_such() {
    let removed = Removed { cause: Removal::Missing, removed_at: now(), note: None };
    let missing = Command::NoteMissing { now: now() };
    Scenario::<SigningKey>::given(history(2)).when(&missing).then([removed.clone()]);
    Scenario::<SigningKey>::given([history(2), vec![removed.into()]].concat()).when(&missing).then_nothing();
}
