use serde_json::json;
use tonic::Code;
use vestibule_rpc::registry::v1::{RetireDirectoryTokenRequest, directory::Roles};

use super::world::{GROUP, USER, group, user};
use crate::registry::{Registry, assert_refused};

#[tokio::test]
async fn a_change_of_what_was_not_seen_is_refused_and_changes_nothing() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::Directory).await;
    let ada = acme.create(USER, &user("ada")).await.unwrap();
    let team = acme.group("Team", &[]).await;
    let seen = (ada.etag.clone(), team.etag.clone());
    let shown = json!([{ "op": "add", "path": "displayName", "value": "Ada" }]);
    let ada = acme.patch(USER, &ada.id, &ada.etag, &shown).await.unwrap();
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": ada.id }] }]);
    let team = acme.patch(GROUP, &team.id, &team.etag, &join).await.unwrap();
    assert_ne!((ada.etag.clone(), team.etag.clone()), seen);
    let before = registry.events().await.len();
    for stale in [seen.0.as_str(), "0", "99", "-1", "x", "18446744073709551616"] {
        let refused = |code| assert_refused(code, Code::Aborted, "ETAG_MISMATCH");
        refused(acme.patch(USER, &ada.id, stale, &shown).await.map(drop));
        refused(acme.replace(USER, &ada.id, stale, &user("king")).await.map(drop));
        refused(acme.delete(USER, &ada.id, stale).await);
        refused(acme.patch(GROUP, &team.id, stale, &join).await.map(drop));
        refused(acme.replace(GROUP, &team.id, stale, &group("Crew", &[])).await.map(drop));
        refused(acme.delete(GROUP, &team.id, stale).await);
    }
    assert_eq!(registry.events().await.len(), before);
    // What changes nothing leaves the version, so that two who say the same agree.
    let repeated = acme.patch(GROUP, &team.id, &team.etag, &join).await.unwrap();
    assert_eq!(repeated.etag, team.etag);
    assert_eq!(registry.events().await.len(), before);
}

#[tokio::test]
async fn a_retired_token_does_nothing_from_then_on() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let ada = acme.create(USER, &user("ada")).await.unwrap();
    let request = RetireDirectoryTokenRequest {
        name: acme.terms.name.clone(),
        token_id: acme.token_id.clone(),
        etag: String::new(),
    };
    registry.directories().retire_directory_token(request).await.unwrap();
    let refused = acme.delete(USER, &ada.id, "").await;
    assert_refused(refused, Code::Unauthenticated, "DIRECTORY_TOKEN_UNKNOWN");
}

#[tokio::test]
async fn who_was_let_out_is_not_let_in_by_a_resource_that_does_not_say_so() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let mut said = user("ada");
    said.as_object_mut().unwrap().remove("active");
    let ada = acme.create(USER, &said).await.unwrap();
    assert_eq!(acme.get(USER, &ada.id).await.unwrap()["active"], true);
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    acme.patch(USER, &ada.id, "", &off).await.unwrap();
    acme.replace(USER, &ada.id, "", &said).await.unwrap();
    assert_eq!(acme.get(USER, &ada.id).await.unwrap()["active"], false);
    acme.replace(USER, &ada.id, "", &user("ada")).await.unwrap();
    assert_eq!(acme.get(USER, &ada.id).await.unwrap()["active"], true);
    let silent = json!([{ "op": "remove", "path": "active" }]);
    acme.patch(USER, &ada.id, "", &silent).await.unwrap();
    acme.replace(USER, &ada.id, "", &said).await.unwrap();
    assert_eq!(acme.people().await[0].state(), vestibule_rpc::registry::v1::person::State::Deactivated);
}

#[tokio::test]
async fn messages_cross_limits_and_change_nothing() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let team = acme.group("Team", &[]).await;
    let before = registry.events().await.len();
    let many: Vec<String> = (0..2_001).map(|number| format!("01890a5d-ac96-774b-bcce-{number:012}")).collect();
    let refused = |outcome| assert_refused(outcome, Code::InvalidArgument, "SCIM_REFUSED");
    refused(acme.create(GROUP, &group("Many", &many)).await.map(drop));
    // As many as one request may change, of whom one is nobody: nobody is changed.
    refused(acme.replace(GROUP, &team.id, "", &group("Team", &many[..2_000])).await.map(drop));
    let operation = json!({ "op": "add", "path": "displayName", "value": "x" });
    refused(acme.patch(GROUP, &team.id, "", &json!(vec![operation; 101])).await.map(drop));
    refused(acme.list(USER, &"(".repeat(3_000)).await.map(drop));
    refused(acme.create(USER, &user(&"x".repeat(2_000))).await.map(drop));
    refused(acme.create(USER, &json!({ "schemas": [], "userName": "x" })).await.map(drop));
    assert_eq!(registry.events().await.len(), before);
}
