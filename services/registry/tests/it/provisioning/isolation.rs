use serde_json::json;
use tonic::{Code, Status};
use vestibule_rpc::{provisioning::v1::Access, reason_of, registry::v1::directory::Roles};

use super::{
    NOWHERE,
    world::{Directory, GROUP, USER, group, user},
};
use crate::registry::{Registry, assert_refused};

/// What an answer says to whoever compares two.
fn words(status: &Status) -> (Code, Option<String>, String) {
    (status.code(), reason_of(status), status.message().to_owned())
}

/// Everything that can be asked of one user and one group.
async fn everything(directory: &Directory<'_>, user_id: &str, group_id: &str) -> Vec<Status> {
    let mut refused = Vec::new();
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "Ours" }]);
    refused.extend(directory.get(USER, user_id).await.err());
    refused.extend(directory.get(GROUP, group_id).await.err());
    refused.extend(directory.patch(USER, user_id, "", &off).await.err());
    refused.extend(directory.patch(GROUP, group_id, "", &rename).await.err());
    refused.extend(directory.replace(USER, user_id, "1", &user("taken")).await.err());
    refused.extend(directory.replace(GROUP, group_id, "1", &group("Taken", &[])).await.err());
    refused.extend(directory.delete(USER, user_id, "").await.err());
    refused.extend(directory.delete(GROUP, group_id, "").await.err());
    assert_eq!(refused.len(), 8, "something was done");
    refused
}

#[tokio::test]
async fn what_is_another_organizations_is_as_good_as_nothing() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::Directory).await;
    let globex = registry.directory("globex", Roles::Directory).await;
    let eve = globex.create(USER, &user("eve")).await.unwrap();
    let team = globex.group("Team", std::slice::from_ref(&eve.id)).await;
    let before = registry.events().await.len();

    let theirs = everything(&acme, &eve.id, &team.id).await;
    let nobodys = NOWHERE;
    let nowhere = everything(&acme, nobodys, nobodys).await;
    // A user is no group, and a group no user.
    let mistaken = everything(&globex, &team.id, &eve.id).await;
    for malformed in ["", "x", "../users", &eve.id.to_uppercase(), &eve.id.replace('-', ""), &format!(" {}", eve.id)] {
        let malformed = everything(&acme, malformed, malformed).await;
        assert_eq!(malformed.iter().map(words).collect::<Vec<_>>(), nowhere.iter().map(words).collect::<Vec<_>>());
    }
    for ((theirs, nowhere), mistaken) in theirs.iter().zip(&nowhere).zip(&mistaken) {
        assert_eq!((words(theirs), words(mistaken)), (words(nowhere), words(nowhere)), "an oracle of existence");
        assert_eq!(theirs.code(), Code::NotFound);
    }
    let kidnapped = acme.create(GROUP, &group("Mine", std::slice::from_ref(&eve.id))).await.unwrap_err();
    let invented = acme.create(GROUP, &group("Mine", &[nobodys.to_owned()])).await.unwrap_err();
    assert_eq!(words(&kidnapped), words(&invented));
    for (kind, id) in [(USER, &eve.id), (GROUP, &team.id)] {
        for filter in ["", &format!("id eq \"{id}\"")] {
            let listed = acme.list(kind, filter).await.unwrap();
            assert_eq!((listed.total_results, listed.resources.len()), (0, 0), "{filter}");
        }
    }
    assert_eq!(registry.events().await.len(), before, "something was recorded");
    assert_eq!(globex.get(USER, &eve.id).await.unwrap()["active"], true);
    assert_eq!(globex.get(GROUP, &team.id).await.unwrap()["members"][0]["value"], eve.id.as_str());
}

#[tokio::test]
async fn the_same_name_is_two_people_in_two_organizations() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let globex = registry.directory("globex", Roles::SignIn).await;
    let (ours, theirs) = (acme.users(1).await, globex.users(1).await);
    acme.delete(USER, &ours[0], "").await.unwrap();
    assert_eq!(globex.get(USER, &theirs[0]).await.unwrap()["active"], true);
    let state = globex.people().await[0].state();
    assert_eq!(state, vestibule_rpc::registry::v1::person::State::Active);
}

#[tokio::test]
async fn a_token_opens_its_own_directory_and_all_others_are_refused_alike() {
    let registry = Registry::start().await;
    let mut acme = registry.directory("acme", Roles::SignIn).await;
    let globex = registry.directory("globex", Roles::SignIn).await;
    let good = acme.access.clone();
    let mut heard = Vec::new();
    for (directory, token) in [
        (globex.access.directory.as_str(), good.token.as_str()),
        (NOWHERE, &good.token),
        ("", &good.token),
        (&good.directory.to_uppercase(), &good.token),
        (&good.directory, &globex.access.token),
        (&good.directory, ""),
        (&good.directory, &"x".repeat(4_096)),
        (&good.directory, &good.token.to_uppercase()),
        (&good.directory, &good.token[..good.token.len() - 1]),
    ] {
        acme.access = Access { directory: directory.to_owned(), token: token.to_owned() };
        let refused = acme.create(USER, &user("ada")).await;
        heard.push(words(&assert_refused(refused, Code::Unauthenticated, "DIRECTORY_TOKEN_UNKNOWN")));
    }
    heard.dedup();
    assert_eq!(heard.len(), 1, "{heard:?}");
    acme.access = good;
    assert_eq!(acme.list(USER, "").await.unwrap().total_results, 0);
}
