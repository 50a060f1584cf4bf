use vestibule_decider::{Decider, DomainEvent, Reservation, Scenario};
use vestibule_tenancy::domain::{CLAIMED_NAME, Command, Domain, Event, Ownership, Rejection, VERIFIED_NAME};

use crate::sample::{attest, claim, claimed, now, organization_id, released, verified};

fn history(events: &[Event]) -> Vec<Event> {
    std::iter::once(claimed().into()).chain(events.iter().cloned()).collect()
}

#[test]
fn a_name_is_claimed_once_in_a_stream() {
    Scenario::<Domain>::given_nothing().when(&claim()).then([claimed()]);
    for events in [vec![], vec![verified(true).into()], vec![released().into()]] {
        Scenario::<Domain>::given(history(&events)).when(&claim()).then_rejected(&Rejection::AlreadyClaimed);
    }
}

#[test]
fn what_was_not_claimed_is_neither_verified_nor_given_up() {
    Scenario::<Domain>::given_nothing().when(&attest(false)).then_rejected(&Rejection::NotFound);
    Scenario::<Domain>::given_nothing().when(&Command::Release).then_rejected(&Rejection::NotFound);
}

#[test]
fn attesting_again_records_a_changed_wildcard_only() {
    Scenario::<Domain>::given(history(&[])).when(&attest(true)).then([verified(true)]);
    let before = [verified(true).into()];
    Scenario::<Domain>::given(history(&before)).when(&attest(true)).then_nothing();
    Scenario::<Domain>::given(history(&before)).when(&attest(false)).then([verified(false)]);
}

#[test]
fn a_name_that_was_given_up_stays_given_up() {
    for events in [vec![], vec![verified(false).into()]] {
        Scenario::<Domain>::given(history(&events)).when(&Command::Release).then([released()]);
    }
    let gone = [released().into()];
    Scenario::<Domain>::given(history(&gone)).when(&Command::Release).then_nothing();
    Scenario::<Domain>::given(history(&gone)).when(&attest(true)).then_rejected(&Rejection::Released);
}

#[test]
fn ownership_ends_with_the_claim() {
    let verified = Domain::replay(&history(&[verified(true).into()]));
    assert_eq!(verified.ownership(), Some(&Ownership { include_subdomains: true, verified_at: now() }));
    assert_eq!(verified.evolve(&released().into()).ownership(), None);
}

#[test]
fn a_claim_is_unique_in_its_organization_and_ownership_everywhere() {
    let key = format!("{}/acme.test", organization_id());
    let name = "acme.test".to_owned();
    let claim = Reservation::Take { scope: CLAIMED_NAME, key: key.clone() };
    assert_eq!(Event::from(claimed()).reservations(), [claim]);
    let own = Reservation::Take { scope: VERIFIED_NAME, key: name.clone() };
    assert_eq!(Event::from(verified(true)).reservations(), [own]);
    assert_eq!(
        Event::from(released()).reservations(),
        [Reservation::Release { scope: VERIFIED_NAME, key: name }, Reservation::Release { scope: CLAIMED_NAME, key },]
    );
}
