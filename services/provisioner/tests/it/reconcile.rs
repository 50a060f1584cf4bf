//! Everything is compared, and only what differs is changed.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::http::Method;
use serde_json::json;
use vestibule_consumer::Handler as _;
use vestibule_kernel::SystemClock;
use vestibule_provisioner::{Directory, Provide, Provisioner, Served, Standing, Summary};

use crate::{
    people::{People, World, event, organization, person, somebody, target},
    service::Fault,
};

#[tokio::test]
async fn what_differs_is_made_to_agree_and_what_others_made_stays() {
    let world = World::with(Served::Others(std::collections::BTreeSet::new()), |_| {}).await;
    for number in 2..=7 {
        world.knows(if number % 2 == 0 { 2 } else { 1 }, somebody(number));
    }
    assert!(world.provisioner.ready().unwrap_err().contains("not reconciled"));
    let first = world.provisioner.reconcile().await.unwrap();
    assert_eq!(first, Summary { people: 7, differed: 7, failed: 0, foreign: 0 });
    world.provisioner.ready().unwrap();

    // Nothing to do: only reading.
    let changes = world.service.changes().len();
    let second = world.provisioner.reconcile().await.unwrap();
    assert_eq!(second, Summary { people: 7, ..Summary::default() });
    assert_eq!(world.service.changes().len(), changes);

    // Somebody meddled, and something was missed.
    {
        let mut kept = world.service.kept.lock().unwrap();
        kept.users[1]["active"] = false.into();
        kept.users.remove(2);
        kept.groups[0]["members"] = json!([]);
        for (id, external_id) in
            [("theirs", json!("hr-4711")), ("nobodys", json!(null)), ("unknown", json!(person(99)))]
        {
            let user = json!({ "id": id, "userName": id, "externalId": external_id, "active": true, "meta": { "version": "1" } });
            kept.users.push(user.as_object().unwrap().clone());
        }
        let group = json!({ "id": "their-group", "displayName": "staff", "members": [{ "value": "theirs" }], "meta": { "version": "1" } });
        kept.groups.push(group.as_object().unwrap().clone());
    }
    world.knows(2, Standing { is_admitted: false, ..somebody(4) });
    let third = world.provisioner.reconcile().await.unwrap();
    assert_eq!((third.people, third.differed, third.failed, third.foreign), (7, 4, 0, 3));
    for number in 1..=7 {
        assert_eq!(world.service.user(&person(number).to_string())["active"], number != 4, "{number}");
    }
    assert_eq!(world.service.members(&format!("{}:admin", organization(1))), [person(1).to_string()]);
    let kept = world.service.kept.lock().unwrap();
    assert!(kept.users.iter().filter(|user| user["meta"]["version"] == "1").all(|user| user["active"] == true));
    assert_eq!(kept.users.iter().filter(|user| user["meta"]["version"] == "1").count(), 3);
    drop(kept);
    assert_eq!(world.service.count(&Method::DELETE, "/"), 0);
}

#[tokio::test]
async fn one_who_cannot_be_provisioned_keeps_nobody_else_out_and_is_told_of() {
    let world = World::of_acme().await;
    for number in 2..=4 {
        world.knows(1, somebody(number));
    }
    world.service.fails(Method::POST, "/Users", Fault::Says(400, r#"{"scimType":"invalidValue"}"#));
    let summary = world.provisioner.reconcile().await.unwrap();
    assert_eq!(summary, Summary { people: 4, differed: 4, failed: 1, foreign: 0 });
    assert_eq!(world.service.kept.lock().unwrap().users.len(), 3);
    assert_eq!(world.provisioner.reconcile().await.unwrap().failed, 0, "the next one mends it");
}

#[tokio::test]
async fn events_and_a_reconciliation_at_the_same_time_end_as_the_registry_knows_it() {
    let world = World::of_acme().await;
    for number in 2..=12 {
        world.knows(1, Standing { roles: vec!["viewer".to_owned()], ..somebody(number) });
    }
    let reconciling = {
        let provisioner = Arc::clone(&world.provisioner);
        tokio::spawn(async move { provisioner.reconcile().await })
    };
    for number in 2..=12 {
        let data = json!({ "organization": organization(1), "person": person(number) });
        world.told("person.first_seen", data.clone()).await.unwrap();
        world.knows(1, Standing { is_admitted: number % 2 == 0, roles: vec!["admin".to_owned()], ..somebody(number) });
        world.told("person.roles_changed", data).await.unwrap();
    }
    reconciling.await.unwrap().unwrap();
    for number in 2..=12 {
        assert_eq!(world.service.user(&person(number).to_string())["active"], number % 2 == 0, "{number}");
    }
    assert_eq!(world.service.members(&format!("{}:admin", organization(1))).len(), 7, "six, and Ada");
    assert!(world.service.members(&format!("{}:viewer", organization(1))).is_empty());
    assert_eq!(world.service.kept.lock().unwrap().groups.len(), 2);
    assert_eq!(world.provisioner.reconcile().await.unwrap().differed, 0);
}

#[tokio::test]
async fn who_is_shown_no_names_erases_none() {
    let people = People { shows_no_profiles: true, ..People::default() };
    let world = World::around(people, Served::Only([organization(1)].into()), |_| {}).await;
    let reconciling = {
        let provisioner = Arc::clone(&world.provisioner);
        tokio::spawn(async move { provisioner.reconcile().await })
    };
    while !world.provisioner.ready().unwrap_err().contains("shows us no names") {
        tokio::task::yield_now().await;
    }
    reconciling.abort();
    // Nor does an event.
    let handling = {
        let provisioner = Arc::clone(&world.provisioner);
        let data = json!({ "organization": organization(1), "person": person(1) });
        tokio::spawn(async move { Provide::new(provisioner).handle(&event("person.first_seen", data)).await })
    };
    while world.people.asked.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    handling.abort();
    assert_eq!(world.service.kept.lock().unwrap().asked.len(), 0);
    assert!(!world.service.has_user(&person(1).to_string()));
}

#[tokio::test]
async fn who_waits_for_a_while_only_says_that_it_is_not_done() {
    let world = World::of_acme().await;
    let people: Arc<dyn Directory> = world.people.clone();
    let file = world.folder.path().join("no-token");
    let served = Served::Only([organization(1)].into());
    let nowhere = target(world.service.address.clone(), file);
    let made = Provisioner::new(&nowhere, served, people, Arc::new(SystemClock)).unwrap();
    let failed = made.with_wait_max(Duration::from_millis(1)).reconcile().await;
    assert!(failed.is_err_and(|error| error.to_string().contains("no-token")));
    assert_eq!(world.service.kept.lock().unwrap().asked.len(), 0);
}
