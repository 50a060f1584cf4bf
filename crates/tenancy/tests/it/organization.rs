use vestibule_decider::{DomainEvent, Reservation, Scenario};
use vestibule_tenancy::{
    DisplayName, ExternalId, Slug,
    organization::{
        Change, Command, EXTERNAL_ID, Event, Organization, Reinstated, Rejection, SLUG, Suspended, Update, Updated,
    },
};

use crate::sample::{create_organization, note, organization_created, organization_updated};

fn created() -> Event {
    organization_created().into()
}

fn suspended() -> Event {
    Suspended { note: "unpaid".to_owned() }.into()
}

fn suspend() -> Command {
    Command::Suspend { note: note("unpaid") }
}

#[test]
fn an_organization_is_created_once() {
    let create = Command::Create(create_organization());
    Scenario::<Organization>::given_nothing().when(&create).then([created()]);
    Scenario::<Organization>::given([created()]).when(&create).then_rejected(&Rejection::AlreadyExists);
    Scenario::<Organization>::given([created(), suspended()]).when(&create).then_rejected(&Rejection::AlreadyExists);
}

#[test]
fn nothing_can_be_asked_of_what_does_not_exist() {
    for command in [Command::Update(Update::default()), suspend(), Command::Reinstate] {
        Scenario::<Organization>::given_nothing().when(&command).then_rejected(&Rejection::NotFound);
    }
}

#[test]
fn suspending_and_reinstating_take_turns_and_repeating_adds_nothing() {
    Scenario::<Organization>::given([created()]).when(&suspend()).then([suspended()]);
    Scenario::<Organization>::given([created(), suspended()]).when(&suspend()).then_nothing();
    Scenario::<Organization>::given([created(), suspended()]).when(&Command::Reinstate).then([Reinstated {}]);
    Scenario::<Organization>::given([created()]).when(&Command::Reinstate).then_nothing();
    let reinstated = Reinstated {}.into();
    Scenario::<Organization>::given([created(), suspended(), reinstated]).when(&suspend()).then([suspended()]);
}

#[test]
fn an_update_records_what_is_new_only() {
    let update = Update {
        slug: Some(Slug::parse("acme-corp").unwrap()),
        external_id: Some(Some(ExternalId::parse("crm-4711").unwrap())),
        display_name: Some(DisplayName::parse("Acme GmbH").unwrap()),
        ..Update::default()
    };
    let slug = Change { from: "acme".to_owned(), to: "acme-corp".to_owned() };
    let updated = Updated { slug: Some(slug), ..Updated::default() };
    let command = Command::Update(update);
    Scenario::<Organization>::given([created()]).when(&command).then([updated.clone()]);
    Scenario::<Organization>::given([created(), suspended()]).when(&command).then([updated.clone()]);
    Scenario::<Organization>::given([created(), updated.into()]).when(&command).then_nothing();
    Scenario::<Organization>::given([created()]).when(&Command::Update(Update::default())).then_nothing();
}

#[test]
fn an_external_id_can_be_removed_and_stays_when_it_is_not_named() {
    let remove = Command::Update(Update { external_id: Some(None), ..Update::default() });
    let removed =
        Updated { external_id: Some(Change { from: Some("crm-4711".to_owned()), to: None }), ..Updated::default() };
    Scenario::<Organization>::given([created()]).when(&remove).then([removed.clone()]);
    Scenario::<Organization>::given([created(), removed.into()]).when(&remove).then_nothing();
}

#[test]
fn unique_names_are_taken_and_given_up_with_the_events() {
    let take = |scope, key: &str| Reservation::Take { scope, key: key.to_owned() };
    let release = |scope, key: &str| Reservation::Release { scope, key: key.to_owned() };
    assert_eq!(created().reservations(), [take(SLUG, "acme"), take(EXTERNAL_ID, "crm-4711")]);
    assert_eq!(
        Event::from(organization_updated()).reservations(),
        [release(SLUG, "acme"), take(SLUG, "acme-corp"), release(EXTERNAL_ID, "crm-4711")]
    );
    assert!(suspended().reservations().is_empty());
}
