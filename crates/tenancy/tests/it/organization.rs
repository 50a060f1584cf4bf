use vestibule_decider::{DomainEvent, Reservation, Scenario};
use vestibule_tenancy::{
    DisplayName, ExternalId, Slug,
    organization::{
        APP_CLIENT, Change, Command, Create, Created, EXTERNAL_ID, Event, ForeignEmail, OWN_POOL, Organization,
        Placement, Reinstated, Rejection, SLUG, Suspended, Update, Updated,
    },
};

use crate::sample::{
    create_organization, note, organization_created, organization_updated, own_app_client, own_pool, pool_id,
};

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

#[test]
fn what_is_an_organizations_own_is_taken_and_given_up_with_its_placement() {
    let take = |scope, key: &str| Reservation::Take { scope, key: key.to_owned() };
    let release = |scope, key: &str| Reservation::Release { scope, key: key.to_owned() };
    let (pool, client) = (pool_id().to_string(), format!("{}/acmeclient", pool_id()));
    let silo = Created { placement: own_pool(), ..organization_created() };
    assert_eq!(Event::from(silo.clone()).reservations().last(), Some(&take(OWN_POOL, &pool)));

    let bridge = Command::Update(Update { placement: Some(own_app_client()), ..Update::default() });
    let moved = Updated { placement: Some(own_app_client()), former_placement: Some(own_pool()), ..Updated::default() };
    Scenario::<Organization>::given([silo.clone()]).when(&bridge).then([moved.clone()]);
    Scenario::<Organization>::given([Event::from(silo), moved.clone().into()]).when(&bridge).then_nothing();
    let expected = [release(OWN_POOL, &pool), take(APP_CLIENT, &client)];
    assert_eq!(Event::from(moved).reservations(), expected);
}

#[test]
fn a_placement_says_pool_app_client_and_group() {
    let group = Placement::Group { user_pool: pool_id(), group: "acme".to_owned() };
    let shared = Placement::SharedPool { user_pool: pool_id() };
    let said = |placement: &Placement| {
        let (client, group) = (placement.app_client_id().map(str::to_owned), placement.group().map(str::to_owned));
        (placement.user_pool(), client, group)
    };
    assert_eq!(said(&shared), (pool_id(), None, None));
    assert_eq!(said(&own_pool()), (pool_id(), None, None));
    assert_eq!(said(&group), (pool_id(), None, Some("acme".to_owned())));
    assert_eq!(said(&own_app_client()), (pool_id(), Some("acmeclient".to_owned()), None));
    for (placement, kind) in
        [(shared, "shared_pool"), (group, "group"), (own_pool(), "own_pool"), (own_app_client(), "app_client")]
    {
        let stored = serde_json::to_value(&placement).unwrap();
        assert_eq!(stored["kind"], kind);
        assert_eq!(serde_json::from_value::<Placement>(stored).unwrap(), placement);
    }
}

#[test]
fn the_policy_for_foreign_addresses_is_recorded_when_it_is_not_the_default() {
    let refuse = || Updated { foreign_email: Some(ForeignEmail::Refuse), ..Updated::default() };
    let strict = Command::Create(Create { foreign_email: ForeignEmail::Refuse, ..create_organization() });
    Scenario::<Organization>::given_nothing().when(&strict).then([created(), refuse().into()]);
    let update = |policy| Command::Update(Update { foreign_email: Some(policy), ..Update::default() });
    Scenario::<Organization>::given([created()]).when(&update(ForeignEmail::Withhold)).then_nothing();
    Scenario::<Organization>::given([created()]).when(&update(ForeignEmail::Refuse)).then([refuse()]);
    Scenario::<Organization>::given([created(), refuse().into()]).when(&update(ForeignEmail::Refuse)).then_nothing();
}
