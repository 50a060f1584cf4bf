use vestibule_decider::{DomainEvent, Reservation, Scenario};
use vestibule_tenancy::assertion::{Assertion, Command, Event, REQUEST, Redeemed, Rejection};

use crate::sample::{accepted, connection_id, pool_id};

fn redeem() -> Command {
    Command::Redeem { user_pool: pool_id() }
}

#[test]
fn an_assertion_is_accepted_once() {
    let accept = Command::Accept(accepted());
    let redeemed: Event = Redeemed { user_pool: pool_id() }.into();
    Scenario::<Assertion>::given_nothing().when(&accept).then([accepted()]);
    Scenario::<Assertion>::given([accepted()]).when(&accept).then_rejected(&Rejection::Replayed);
    Scenario::<Assertion>::given([accepted().into(), redeemed]).when(&accept).then_rejected(&Rejection::Replayed);
}

#[test]
fn a_code_is_redeemed_once_by_the_pool_it_was_made_for() {
    let redeemed = Redeemed { user_pool: pool_id() };
    Scenario::<Assertion>::given_nothing().when(&redeem()).then_rejected(&Rejection::NotAccepted);
    Scenario::<Assertion>::given([accepted()]).when(&redeem()).then([redeemed.clone()]);
    let history: [Event; 2] = [accepted().into(), redeemed.into()];
    Scenario::<Assertion>::given(history).when(&redeem()).then_rejected(&Rejection::AlreadyRedeemed);
    let foreign = Command::Redeem { user_pool: "01890a5d-ac96-774b-bcce-b302099a8099".parse().unwrap() };
    Scenario::<Assertion>::given([accepted()]).when(&foreign).then_rejected(&Rejection::ForeignUserPool);
}

#[test]
fn accepting_uses_the_request_up() {
    let key = format!("{}/_0123456789abcdef0123456789abcdef", connection_id());
    assert_eq!(Event::from(accepted()).reservations(), [Reservation::Take { scope: REQUEST, key }]);
}
