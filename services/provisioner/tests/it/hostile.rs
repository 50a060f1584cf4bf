//! A service that is busy, slow, broken, or lies.

use axum::http::Method;
use serde_json::{Value, json};
use vestibule_consumer::HandleError;
use vestibule_provisioner::Standing;

use crate::{
    people::{World, ada, person, somebody},
    service::{Fault, Quirk},
};

/// Whatever it does with a request, the event is handled in the end, and there is one user.
async fn survives(method: Method, path: &'static str, fault: Fault) -> World {
    let world = World::of_acme().await;
    world.service.fails(method, path, fault);
    world.happened("person.first_seen").await.unwrap();
    assert_eq!(world.ada()["active"], true, "{fault:?}");
    assert!(world.service.kept.lock().unwrap().faults.is_empty(), "{fault:?} did not happen");
    world
}

#[tokio::test]
async fn a_service_that_is_busy_is_waited_for() {
    for (code, wait) in [(429, Some("1")), (429, None), (503, Some("1")), (500, None), (502, None), (408, None)] {
        survives(Method::POST, "/Users", Fault::Status(code, wait)).await;
        survives(Method::GET, "/Users", Fault::Status(code, wait)).await;
    }
    survives(Method::GET, "/ServiceProviderConfig", Fault::Status(503, None)).await;
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_user_and_no_second_group() {
    survives(Method::POST, "/Users", Fault::LosesAnswer).await;
    let world = survives(Method::POST, "/Groups", Fault::LosesAnswer).await;
    assert_eq!(world.service.kept.lock().unwrap().groups.len(), 1);
    survives(Method::GET, "/Users", Fault::Silent).await;
    // Another process was faster.
    let world = survives(Method::POST, "/Users", Fault::Overtaken).await;
    assert_eq!(world.service.kept.lock().unwrap().users.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_to_a_change_is_looked_at_again() {
    let world = survives(Method::POST, "/Users", Fault::Status(500, None)).await;
    world.service.fails(Method::PATCH, "/Users", Fault::LosesAnswer);
    world.knows(1, Standing { is_admitted: false, ..ada() });
    world.happened("person.deactivated").await.unwrap();
    assert_eq!(world.ada()["active"], false);
    assert_eq!(world.service.count(&Method::PATCH, "/Users"), 1, "it had worked");
}

/// An answer that makes no sense is no reason to go on; the next attempt may be answered better.
async fn tried_again(method: Method, path: &'static str, fault: Fault) -> String {
    let world = World::of_acme().await;
    world.service.fails(method, path, fault);
    let failed = world.happened("person.first_seen").await;
    let Err(HandleError::Again(why)) = failed else { panic!("{fault:?}: {failed:?}") };
    world.happened("person.first_seen").await.unwrap();
    assert_eq!(world.ada()["active"], true, "{fault:?}");
    why.to_string()
}

#[tokio::test]
async fn answers_that_make_no_sense_are_not_believed() {
    assert!(tried_again(Method::GET, "/Users", Fault::Endless).await.contains("too large"));
    let lists = [
        "<html>maintenance</html>",
        "[]",
        "{}",
        r#"{"totalResults":1,"Resources":{}}"#,
        r#"{"totalResults":1,"Resources":["x"]}"#,
        r#"{"totalResults":1,"Resources":[{"externalId":"x"}]}"#,
        r#"{"totalResults":1,"Resources":[{"id":".."}]}"#,
        r#"{"totalResults":-1,"Resources":[]}"#,
        "",
    ];
    for body in lists {
        let why = tried_again(Method::GET, "/Users", Fault::Says(200, body)).await;
        assert!(why.contains("makes no sense"), "{body}: {why}");
    }
    for body in ["", "{}", r#"{"id":7}"#, r#"{"id":"x","externalId":"other"}"#, r#"{"id":"x"}"#] {
        let why = tried_again(Method::POST, "/Users", Fault::Says(201, body)).await;
        assert!(why.contains("makes no sense"), "{body}: {why}");
    }
}

/// Whatever it answers to everything, and however long: nobody is given up.
async fn waits_out(code: u16, body: &'static str, is_known: bool) {
    let world = World::of_acme().await;
    if is_known {
        world.happened("person.first_seen").await.unwrap();
        world.knows(1, Standing { display_name: Some("Countess".to_owned()), ..ada() });
    }
    let asked = || world.service.kept.lock().unwrap().asked.len();
    let before = asked();
    world.service.kept.lock().unwrap().quirks.insert(Quirk::Says(code, body));
    let is_ill = || world.provisioner.ready().is_err_and(|why| why.starts_with("the SCIM service"));
    let waits = async {
        while asked() < before + 4 || !is_ill() {
            tokio::task::yield_now().await;
        }
    };
    let mut happening = std::pin::pin!(world.happened("person.updated"));
    tokio::select! {
        given_up = &mut happening => panic!("{code} {body} {is_known}: {given_up:?}"),
        () = waits => {}
    }
    world.service.kept.lock().unwrap().quirks.clear();
    if happening.await.is_err() {
        // Mended between an answer and the look at whether it is what everybody gets.
        world.happened("person.updated").await.unwrap();
    }
    assert_eq!((&world.ada()["active"], world.service.count(&Method::POST, "/Users")), (&json!(true), 1));
}

#[tokio::test]
async fn a_service_that_answers_nobody_as_it_should_is_waited_for() {
    let page = "<html>maintenance</html>";
    let answers =
        [(200, page), (200, "{}"), (401, ""), (403, page), (404, ""), (400, ""), (405, ""), (302, ""), (503, "")];
    let mut waiting = tokio::task::JoinSet::new();
    for (code, body) in answers {
        for is_known in [false, true] {
            waiting.spawn(waits_out(code, body, is_known));
        }
    }
    waiting.join_all().await;
}

#[tokio::test]
async fn a_page_in_the_place_of_what_it_can_do_says_nothing() {
    for (code, body) in [(200, "<html>not found</html>"), (200, ""), (400, "")] {
        survives(Method::GET, "/ServiceProviderConfig", Fault::Says(code, body)).await;
    }
}

#[tokio::test]
async fn a_version_that_is_none_is_not_sent() {
    let world = survives(Method::POST, "/Users", Fault::Status(500, None)).await;
    world.service.kept.lock().unwrap().users[0]["meta"]["version"] = "1\r\nX-Other: 1".into();
    world.knows(1, somebody(1));
    assert!(matches!(world.happened("person.updated").await, Err(HandleError::Again(_))));
    assert_eq!(world.service.count(&Method::PATCH, "/Users"), 0);
}

#[tokio::test]
async fn another_group_than_the_one_asked_for_changes_nobody() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    world.service.fails(Method::GET, "/Groups/", Fault::OtherId);
    world.knows(1, Standing { roles: Vec::new(), ..ada() });
    let changes = world.service.changes().len();
    assert!(matches!(world.happened("person.roles_changed").await, Err(HandleError::Again(_))));
    assert_eq!(world.service.changes().len(), changes);
}

#[tokio::test]
async fn a_filter_that_is_ignored_finds_nobody_else() {
    let world = World::of_acme().await;
    world.service.kept.lock().unwrap().quirks.insert(Quirk::IgnoresFilters);
    for number in 2..=8 {
        world.knows(1, somebody(number));
    }
    world.told("organization.reinstated", json!({ "organization": crate::people::organization(1) })).await.unwrap();
    world.knows(1, Standing { is_admitted: false, ..somebody(8) });
    world
        .told("person.deactivated", json!({ "organization": crate::people::organization(1), "person": person(8) }))
        .await
        .unwrap();
    for number in 1..=8 {
        assert_eq!(world.service.user(&person(number).to_string())["active"], number != 8);
    }
}

#[tokio::test]
async fn a_filter_that_is_refused_is_done_without() {
    let world = World::of_acme().await;
    world.service.fails(Method::GET, "/Users", Fault::Says(400, r#"{"scimType":"invalidFilter"}"#));
    world.happened("person.first_seen").await.unwrap();
    assert_eq!(world.ada()["active"], true);
}

#[tokio::test]
async fn pages_without_end_have_one() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    world.service.kept.lock().unwrap().quirks.insert(Quirk::RepeatsPages);
    let failed = world.happened("person.updated").await;
    assert!(matches!(failed, Err(HandleError::Again(_))), "{failed:?}");
    assert!(world.service.count(&Method::GET, "/Users") < 10);
}

#[tokio::test]
async fn a_change_on_an_older_version_is_decided_anew() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    world.service.fails(Method::PATCH, "/Users", Fault::ChangedMeanwhile);
    world.knows(1, somebody(1));
    let failed = world.happened("person.updated").await;
    assert!(matches!(failed, Err(HandleError::Again(_))), "{failed:?}");
    world.happened("person.updated").await.unwrap();
    assert_eq!(world.ada().get("emails"), None);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_gets_no_token() {
    let world = survives(Method::POST, "/Users", Fault::Redirect).await;
    assert_eq!(world.service.count(&Method::POST, "/elsewhere"), 0);
    assert_eq!(world.service.count(&Method::GET, "/elsewhere"), 0);
}

#[tokio::test]
async fn what_is_refused_for_good_is_set_aside_with_the_reason_and_without_the_name() {
    let says = r#"{"scimType":"invalidValue","detail":"ada@acme.test is not welcome"}"#;
    for (code, expected) in [(400, "status 400, invalidValue"), (413, "status 413"), (422, "status 422")] {
        let world = World::of_acme().await;
        world.service.fails(Method::POST, "/Users", Fault::Says(code, says));
        let refused = world.happened("person.first_seen").await;
        let Err(HandleError::Never(why)) = refused else { panic!("{code}: {refused:?}") };
        assert!(why.to_string().contains(expected) && !format!("{why:?}").contains("ada@"), "{why:?}");
    }
    let world = World::of_acme().await;
    world.service.fails(Method::POST, "/Users", Fault::Says(400, r#"{"scimType":"ada@acme.test"}"#));
    let Err(HandleError::Never(why)) = world.happened("person.first_seen").await else { panic!("refused") };
    assert!(!why.to_string().contains("ada@"), "{why}");
}

#[tokio::test]
async fn a_second_user_of_a_person_is_deactivated() {
    let world = World::of_acme().await;
    world.happened("person.first_seen").await.unwrap();
    {
        let mut kept = world.service.kept.lock().unwrap();
        let mut twin = kept.users[0].clone();
        twin.insert("id".to_owned(), "u-twin".into());
        twin.insert("userName".to_owned(), "twin".into());
        twin["meta"]["created"] = "2026-11-21T11:00:00Z".into();
        kept.users.insert(0, twin);
    }
    world.happened("person.updated").await.unwrap();
    let active = |place: usize| world.service.kept.lock().unwrap().users[place]["active"].clone();
    assert_eq!([active(0), active(1)], [Value::Bool(false), Value::Bool(true)], "the first that was made stays");
}

#[tokio::test]
async fn who_is_shut_out_is_out_whatever_else_of_them_is_refused() {
    for without_patch in [false, true] {
        let world = World::of_acme().await;
        world.happened("person.first_seen").await.unwrap();
        if without_patch {
            world.service.kept.lock().unwrap().quirks.extend([Quirk::WithoutPatch, Quirk::WithoutConfig]);
        }
        world.service.kept.lock().unwrap().quirks.insert(Quirk::RefusesNames);
        let mut left = ada();
        (left.is_admitted, left.display_name) = (false, Some("Countess".to_owned()));
        world.knows(1, left);
        let refused = world.happened("person.deactivated").await;
        assert!(matches!(refused, Err(HandleError::Never(_))), "{refused:?}");
        assert_eq!((&world.ada()["active"], &world.ada()["displayName"]), (&json!(false), &json!("Ada Lovelace")));
        assert!(world.service.members(&format!("{}:admin", crate::people::organization(1))).is_empty());
    }
}

#[tokio::test]
async fn a_role_that_is_lost_is_lost_whatever_else_is_refused() {
    let world = World::of_acme().await;
    let group = |role: &str| format!("{}:{role}", crate::people::organization(1));
    world.knows(1, Standing { roles: vec!["admin".to_owned(), "auditor".to_owned()], ..ada() });
    world.happened("person.first_seen").await.unwrap();
    world.service.kept.lock().unwrap().quirks.insert(Quirk::RefusesNames);
    // One group is held on to, the name of another is taken, and the person's new name is refused.
    world.service.fails(Method::PATCH, "/Groups", Fault::Status(400, None));
    let theirs = json!({ "id": "theirs", "displayName": "viewer", "members": [], "meta": { "version": "1" } });
    world.service.kept.lock().unwrap().groups.push(theirs.as_object().unwrap().clone());
    world.knows(1, Standing { roles: vec!["viewer".to_owned()], display_name: Some("X".to_owned()), ..ada() });
    assert!(matches!(world.happened("person.roles_changed").await, Err(HandleError::Never(_))));
    let held = [group("admin"), group("auditor")].map(|group| world.service.members(&group).len());
    assert_eq!(held, [1, 0], "out of the other at least");
    assert!(matches!(world.happened("person.roles_changed").await, Err(HandleError::Never(_))));
    assert!(world.service.members(&group("admin")).is_empty());
    assert_eq!(world.service.kept.lock().unwrap().groups[2]["members"], json!([]), "another's group is not taken over");
}

#[tokio::test]
async fn a_service_that_does_not_tell_who_is_in_a_group_lets_them_out_all_the_same() {
    let world = World::of_acme().await;
    world.service.kept.lock().unwrap().quirks.insert(Quirk::HidesMembers);
    let group = |role: &str| format!("{}:{role}", crate::people::organization(1));
    world.happened("person.first_seen").await.unwrap();
    world.knows(1, Standing { roles: vec!["viewer".to_owned()], ..ada() });
    world.happened("person.roles_changed").await.unwrap();
    assert!(world.service.members(&group("admin")).is_empty());
    assert_eq!(world.service.members(&group("viewer")).len(), 1);
    world.knows(1, Standing { is_admitted: false, ..ada() });
    world.happened("person.deactivated").await.unwrap();
    assert!(world.service.members(&group("viewer")).is_empty());
}
