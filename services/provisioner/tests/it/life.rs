//! What becomes of a person's user and groups.

use axum::http::Method;
use serde_json::{Value, json};
use vestibule_consumer::HandleError;
use vestibule_provisioner::{
    Served,
    config::{Groups, UserName},
};

use crate::{
    people::{TRACEPARENT, World, ada, organization, person, somebody},
    service::Quirk,
};

fn group(of: u128, role: &str) -> String {
    format!("{}:{role}", organization(of))
}

#[tokio::test]
async fn a_person_is_created_changed_deactivated_and_reactivated_as_the_same_user() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    let made = world.ada();
    assert_eq!(made["userName"], json!(person(1)));
    assert_eq!(made["active"], true);
    assert_eq!(made["displayName"], "Ada Lovelace");
    assert_eq!(made["name"], json!({ "givenName": "Ada", "familyName": "Lovelace" }));
    assert_eq!(made["emails"], json!([{ "value": "ada@acme.test", "type": "work", "primary": true }]));
    assert_eq!(made["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));

    // Once more changes nothing.
    let changes = world.service.changes().len();
    world.happened("person.first_seen").await.unwrap();
    assert_eq!(world.service.changes().len(), changes);

    world.knows(1, somebody(1));
    world.happened("person.updated").await.unwrap();
    let blank = world.ada();
    for gone in ["displayName", "emails"] {
        assert_eq!(blank.get(gone), None, "what is blank is blank: {blank}");
    }
    assert_eq!(blank["name"], json!({}));

    let mut left = ada();
    left.is_admitted = false;
    world.knows(1, left);
    world.happened("person.deactivated").await.unwrap();
    assert_eq!((&world.ada()["active"], &world.ada()["id"]), (&json!(false), &made["id"]));
    world.knows(1, ada());
    world.happened("person.reactivated").await.unwrap();
    assert_eq!((&world.ada()["active"], &world.ada()["id"]), (&json!(true), &made["id"]));
    assert_eq!(world.service.count(&Method::POST, "/Users"), 1);
    assert_eq!(world.service.count(&Method::DELETE, "/"), 0);
}

#[tokio::test]
async fn who_may_not_sign_in_and_was_never_there_is_not_created() {
    let world = World::of_acme().await;
    let mut left = ada();
    left.is_admitted = false;
    world.knows(1, left);
    world.happened("person.deactivated").await.unwrap();
    world.told("person.updated", json!({ "organization": organization(1), "person": person(9) })).await.unwrap();
    assert_eq!(world.service.changes().len(), 0);
}

#[tokio::test]
async fn roles_are_groups_and_who_is_out_is_in_none() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    assert_eq!(world.service.members(&group(1, "admin")), [person(1).to_string()]);
    assert_eq!(world.service.kept.lock().unwrap().groups[0]["displayName"], "admin");

    let mut changed = ada();
    changed.roles = vec!["editor \"in chief\"".to_owned(), "viewer".to_owned()];
    world.knows(1, changed.clone());
    world.happened("person.roles_changed").await.unwrap();
    assert!(world.service.members(&group(1, "admin")).is_empty());
    assert_eq!(world.service.members(&group(1, "editor \"in chief\"")), [person(1).to_string()]);
    assert_eq!(world.service.members(&group(1, "viewer")), [person(1).to_string()]);

    // Others join, and people whom others let in stay.
    world.service.kept.lock().unwrap().groups[2]["members"].as_array_mut().unwrap().push(json!({ "value": "theirs" }));
    let mut grace = somebody(2);
    grace.roles = vec!["viewer".to_owned()];
    world.knows(1, grace);
    world.told("person.first_seen", json!({ "organization": organization(1), "person": person(2) })).await.unwrap();
    changed.is_admitted = false;
    world.knows(1, changed);
    world.happened("person.deactivated").await.unwrap();
    assert_eq!(world.service.members(&group(1, "viewer")), [person(2).to_string(), "somebody".to_owned()]);
    assert!(world.service.members(&group(1, "editor \"in chief\"")).is_empty());
    assert_eq!(world.service.kept.lock().unwrap().groups.len(), 3, "groups stay");
}

#[tokio::test]
async fn what_reaches_many_reaches_everybody_it_should() {
    let world = World::of_acme().await;
    let mut grace = somebody(2);
    grace.connection = Some("00000000-0000-0000-0000-0000000000c2".parse().unwrap());
    for one in [ada(), grace.clone(), somebody(3)] {
        world.knows(1, one);
    }
    world.told("organization.reinstated", json!({ "organization": organization(1) })).await.unwrap();
    for number in 1..=3 {
        assert_eq!(world.service.user(&person(number).to_string())["active"], true);
    }
    // Everybody is out, and only one connection is told of.
    for one in [ada(), grace, somebody(3)] {
        world.knows(1, vestibule_provisioner::Standing { is_admitted: false, ..one });
    }
    let disabled = json!({ "organization": organization(1), "connection": "00000000-0000-0000-0000-0000000000c2" });
    world.told("connection.disabled", disabled).await.unwrap();
    let active = |number| world.service.user(&person(number).to_string())["active"].clone();
    assert_eq!([active(1), active(2), active(3)], [json!(true), json!(false), json!(true)]);
    world.told("organization.suspended", json!({ "organization": organization(1) })).await.unwrap();
    assert_eq!([active(1), active(2), active(3)], [json!(false), json!(false), json!(false)]);
}

#[tokio::test]
async fn both_of_whom_one_turned_out_to_be_the_other_are_looked_at() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    let mut superseded = ada();
    superseded.is_admitted = false;
    world.knows(1, superseded);
    world.knows(1, somebody(2));
    let data = json!({ "organization": organization(1), "person": person(1), "by": person(2) });
    world.told("person.superseded", data).await.unwrap();
    assert_eq!(world.ada()["active"], false);
    assert_eq!(world.service.user(&person(2).to_string())["active"], true);
}

#[tokio::test]
async fn only_the_organizations_of_the_service_are_in_it() {
    let world = World::with(Served::Others([organization(2)].into()), |_| {}).await;
    world.knows(2, somebody(2));
    world.told("person.first_seen", json!({ "organization": organization(2), "person": person(2) })).await.unwrap();
    assert_eq!(world.service.kept.lock().unwrap().asked.len(), 0);
    world.happened("person.first_seen").await.unwrap();
    // Where there are many organizations, a user says of which they are, and a group's name is not another's.
    let made = world.ada();
    let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert_eq!(made[extension]["organization"], json!(organization(1)));
    assert!(made["schemas"].as_array().unwrap().contains(&json!(extension)));
    assert_eq!(world.service.kept.lock().unwrap().groups[0]["displayName"], group(1, "admin"));
}

#[tokio::test]
async fn a_service_without_patch_is_given_the_whole_and_keeps_what_others_said() {
    for without_config in [false, true] {
        let world = World::of_acme().await;
        {
            let mut kept = world.service.kept.lock().unwrap();
            kept.quirks.insert(Quirk::WithoutPatch);
            kept.quirks.extend(without_config.then_some(Quirk::WithoutConfig));
        }
        world.happened("person.first_seen").await.unwrap();
        world.service.kept.lock().unwrap().users[0].insert("title".to_owned(), "Countess".into());
        let mut changed = ada();
        (changed.family_name, changed.email, changed.roles) =
            (Some("King".to_owned()), None, vec!["viewer".to_owned()]);
        world.knows(1, changed);
        world.happened("person.updated").await.unwrap();
        let user = world.ada();
        assert_eq!((&user["title"], &user["name"]["familyName"]), (&json!("Countess"), &json!("King")));
        assert_eq!(user.get("emails"), None);
        assert!(world.service.members(&group(1, "admin")).is_empty());
        assert_eq!(world.service.count(&Method::PATCH, "/"), 0);
    }
}

#[tokio::test]
async fn a_service_that_said_it_had_patch_and_has_not_is_given_the_whole() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    world.service.kept.lock().unwrap().quirks.insert(Quirk::WithoutPatch);
    world.knows(1, somebody(1));
    world.happened("person.updated").await.unwrap();
    assert_eq!(world.ada().get("emails"), None);
}

#[tokio::test]
async fn names_of_users_and_groups_are_as_configured() {
    let world = World::with(Served::Only([organization(1)].into()), |target| {
        (target.user_name, target.groups) = (UserName::Email, Groups::None);
    })
    .await;
    world.happened("person.first_seen").await.unwrap();
    assert_eq!(world.ada()["userName"], "ada@acme.test");
    world.knows(1, somebody(1));
    world.happened("person.updated").await.unwrap();
    assert_eq!(world.ada()["userName"], json!(person(1)), "who has no address has an id");
    assert_eq!(world.service.count(&Method::GET, "/Groups"), 0);
}

#[tokio::test]
async fn a_name_that_another_has_is_not_taken_over() {
    let world = World::with(Served::Only([organization(1)].into()), |target| target.user_name = UserName::Email).await;
    let theirs = json!({ "id": "theirs", "userName": "ada@acme.test", "active": true, "meta": { "version": "1" } });
    world.service.kept.lock().unwrap().users.push(theirs.as_object().unwrap().clone());
    let refused = world.happened("person.first_seen").await;
    let Err(HandleError::Never(why)) = refused else { panic!("{refused:?}") };
    assert!(why.to_string().contains("was not made by us"), "{why}");
    assert_eq!(world.service.kept.lock().unwrap().users, [theirs.as_object().unwrap().clone()]);
}

#[tokio::test]
async fn the_trace_and_the_version_go_along_and_a_new_token_needs_no_restart() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    let version = world.ada()["meta"]["version"].clone();
    world.knows(1, somebody(1));
    world.happened("person.updated").await.unwrap();
    let asked = world.service.kept.lock().unwrap().asked.clone();
    assert!(asked.iter().all(|asked| asked.headers["traceparent"] == TRACEPARENT));
    let patch = asked.iter().find(|asked| asked.method == Method::PATCH && asked.path.starts_with("/Users")).unwrap();
    assert_eq!(Value::from(patch.headers["if-match"].to_str().unwrap()), version);
    assert_eq!(patch.headers["content-type"], "application/scim+json");

    let file = world.folder.path().join("token");
    std::fs::write(&file, "another").unwrap();
    world.knows(1, ada());
    let waiting = world.happened("person.updated");
    let mended = async {
        while world.provisioner.ready().is_ok_and(|()| true) || !world.provisioner.ready().unwrap_err().contains("401")
        {
            tokio::task::yield_now().await;
        }
        std::fs::write(&file, crate::service::TOKEN).unwrap();
    };
    let (done, ()) = tokio::join!(waiting, mended);
    done.unwrap();
    assert_eq!(world.ada()["displayName"], "Ada Lovelace");
}

#[tokio::test]
async fn an_event_that_names_nobody_is_set_aside() {
    let world = World::of_acme().await;
    for (name, data) in [
        ("person.updated", json!({})),
        ("person.updated", json!({ "organization": organization(1) })),
        ("person.updated", json!({ "organization": organization(1), "person": "../x" })),
        ("person.superseded", json!({ "organization": organization(1), "person": person(1) })),
        ("connection.disabled", json!({ "organization": organization(1) })),
        ("domain.verified", json!({ "organization": organization(1) })),
    ] {
        let refused = world.told(name, data.clone()).await;
        assert!(matches!(refused, Err(HandleError::Never(_))), "{name} {data}: {refused:?}");
    }
}

#[test]
fn it_asks_for_what_happens_to_its_people() {
    let one = Served::Only([organization(1)].into()).subjects("production");
    let of = format!("vestibule.production.{}.person.first_seen", organization(1));
    assert!(one.len() == 13 && one.contains(&of), "{one:?}");
    let many = Served::Only((1..=33).map(organization).collect()).subjects("production");
    assert!(many.len() == 13 && many.contains(&"vestibule.production.*.person.superseded".to_owned()), "{many:?}");
}
