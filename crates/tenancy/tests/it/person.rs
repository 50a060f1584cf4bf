use vestibule_decider::{Decider, DomainEvent, Personal, Reservation, Scenario};
use vestibule_tenancy::person::{Command, Event, FirstSeen, Person, Recognise, Rejection, SUBJECT, Updated};

use crate::sample::{first_seen, person_id, profile, recognise};

fn updated(family_name: &str) -> Updated {
    Updated { person: person_id(), profile: Some(profile(family_name)) }
}

#[test]
fn a_person_is_first_seen_once() {
    let command = Command::Recognise(recognise("Lovelace"));
    Scenario::<Person>::given_nothing().when(&command).then([first_seen("Lovelace")]);
    Scenario::<Person>::given([first_seen("Lovelace")]).when(&command).then_nothing();
}

#[test]
fn a_changed_profile_is_recorded_once() {
    let married = Command::Recognise(recognise("King"));
    Scenario::<Person>::given([first_seen("Lovelace")]).when(&married).then([updated("King")]);
    let history: [Event; 2] = [first_seen("Lovelace").into(), updated("King").into()];
    Scenario::<Person>::given(history).when(&married).then_nothing();
}

#[test]
fn what_was_withheld_is_recorded_anew() {
    let withheld = FirstSeen { profile: None, ..first_seen("Lovelace") };
    let again = Command::Recognise(recognise("Lovelace"));
    Scenario::<Person>::given([withheld]).when(&again).then([updated("Lovelace")]);
}

#[test]
fn the_sub_is_never_given_to_somebody_else() {
    for other in [
        Recognise { person: "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7c".parse().unwrap(), ..recognise("X") },
        Recognise { organization: "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap(), ..recognise("X") },
    ] {
        let command = Command::Recognise(other);
        Scenario::<Person>::given([first_seen("X")]).when(&command).then_rejected(&Rejection::SomebodyElse);
    }
    let Person::Known(known) = Person::replay(&[first_seen("A").into(), updated("B").into()]) else { panic!() };
    assert_eq!(known.person, person_id());
}

#[test]
fn what_is_personal_is_not_in_the_public_part() {
    for event in [Event::from(first_seen("Lovelace")), Event::from(updated("Lovelace"))] {
        let payload = event.encode().unwrap();
        let data = payload.data.to_string();
        for personal in ["a1b2c3", "ada@acme.test", "Ada", "Lovelace"] {
            assert!(!data.contains(personal), "{data}");
        }
        let Personal::Open(fields) = payload.personal else { panic!("nothing to seal") };
        assert_eq!((fields.person, fields.fields["email"].as_str()), (person_id(), Some("ada@acme.test")));
        assert!(!format!("{event:?}").contains("ada@"));
    }
}

#[test]
fn the_subject_is_unique_by_its_digest() {
    let expected = Reservation::Take { scope: SUBJECT, key: "d1".repeat(32) };
    assert_eq!(Event::from(first_seen("X")).reservations(), [expected]);
}
