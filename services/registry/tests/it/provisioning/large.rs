//! What is too much for one append goes on from the log.

use serde_json::json;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use vestibule_eventlog::{Metadata, StreamId, Transaction};
use vestibule_host::Resources;
use vestibule_registry_service::Config;
use vestibule_rpc::registry::v1::directory::Roles;
use vestibule_tenancy::{
    directory_group::{self, MembersChanged},
    directory_user, person,
};

use super::world::{Directory, GROUP, USER, group, group_id, until};
use crate::registry::{Registry, assert_refused};

/// Records this of a group, as a request does that breaks off behind it.
async fn record(directory: &Directory<'_>, group: &str, events: &[directory_group::Event]) {
    let group: vestibule_kernel::DirectoryGroupId = group.parse().unwrap();
    let stream = StreamId::of_id(directory_group::CATEGORY, Some(directory.tenant.id()), group.uuid());
    let log = &directory.registry.log;
    let version = log.load::<directory_group::DirectoryGroup>(&stream).await.unwrap().version;
    let transaction = Transaction::new(Metadata::default()).append(stream, version, events).unwrap();
    log.append(transaction).await.unwrap();
}

#[tokio::test]
async fn a_large_group_is_whole_when_it_is_answered() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::Directory).await;
    acme.roles_mean(&[("Engineers", "engineer"), ("Builders", "builder")]).await;
    let users = acme.users(230).await;
    let engineers = acme.group("Engineers", &users).await;
    assert_eq!(acme.with_roles(&["engineer"]).await, 230);
    assert_eq!(acme.get(USER, &users[229]).await.unwrap()["groups"][0]["display"], "Engineers");

    let rename = json!([{ "op": "replace", "path": "displayName", "value": "Builders" }]);
    acme.patch(GROUP, &engineers.id, &engineers.etag, &rename).await.unwrap();
    assert_eq!(acme.with_roles(&["builder"]).await, 230);
    // Who repeats it with the version from before is told to look, and what they would see is whole.
    let repeated = acme.patch(GROUP, &engineers.id, &engineers.etag, &rename).await;
    assert_refused(repeated, Code::Aborted, "ETAG_MISMATCH");

    acme.replace(GROUP, &engineers.id, "", &group("Builders", &users[200..])).await.unwrap();
    assert_eq!((acme.with_roles(&["builder"]).await, acme.with_roles(&[]).await), (30, 200));
    acme.replace(GROUP, &engineers.id, "", &group("Builders", &users)).await.unwrap();
    acme.delete(GROUP, &engineers.id, "").await.unwrap();
    assert_eq!(acme.with_roles(&[]).await, 230);
    assert!(acme.get(USER, &users[0]).await.unwrap().get("groups").is_none());
}

#[tokio::test]
async fn what_a_request_that_broke_off_has_begun_is_finished_by_the_next_process() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::Directory).await;
    acme.roles_mean(&[("Engineers", "engineer"), ("Builders", "builder")]).await;
    let users = acme.users(120).await;
    let team = acme.group("Engineers", &users[..2]).await;
    // The process ends: what comes now is what requests leave behind that are killed after their first append.
    registry.end();
    let added = users[2..].iter().map(|id| id.parse().unwrap()).collect();
    let gone = vec![users[0].parse().unwrap()];
    let changed = directory_group::Changed {
        directory: acme.id(),
        display_name: "Builders".to_owned(),
        external_id: None,
        is_unfinished: true,
    };
    let joined = MembersChanged { added, removed: gone, is_unfinished: true };
    record(&acme, &team.id, &[changed.into(), joined.into()]).await;
    let made: vestibule_kernel::DirectoryGroupId = "01890a5d-ac96-774b-bcce-b302099a8099".parse().unwrap();
    let created = directory_group::Created {
        group: made,
        directory: acme.id(),
        display_name: "Engineers".to_owned(),
        external_id: None,
    };
    let first = MembersChanged { added: vec![users[0].parse().unwrap()], removed: vec![], is_unfinished: true };
    record(&acme, &made.to_string(), &[created.into(), first.into()]).await;

    let stop = CancellationToken::new();
    let resources = Resources { stop: stop.clone(), ..registry.resources.clone() };
    let _next = vestibule_registry_service::start(&resources, &Config::default()).await.unwrap();
    let roles = async || {
        let mut with = (0, 0);
        for id in &users {
            let stream = directory_user_stream(&acme, id);
            let user = registry.log.load::<directory_user::DirectoryUser>(&stream).await.unwrap().state;
            let directory_user::DirectoryUser::Present(kept) = user else { panic!("{user:?}") };
            with.0 += usize::from(kept.groups == [group_id(&team)]);
            with.1 += usize::from(kept.groups == [made]);
        }
        with
    };
    until("everybody in their groups", async || roles().await == (119, 1)).await;
    let mut meant = std::collections::BTreeMap::<Vec<String>, usize>::new();
    for number in 0..120 {
        *meant.entry(acme.tenant.roles_of(&registry, &format!("user{number}")).await).or_default() += 1;
    }
    let expected = [(vec!["builder".to_owned()], 119), (vec!["engineer".to_owned()], 1)];
    assert_eq!(meant, expected.into_iter().collect());
    stop.cancel();
}

fn directory_user_stream(directory: &Directory<'_>, id: &str) -> StreamId {
    let id: vestibule_kernel::DirectoryUserId = id.parse().unwrap();
    StreamId::of_id(directory_user::CATEGORY, Some(directory.tenant.id()), id.uuid())
}

#[tokio::test]
async fn whoever_is_in_many_groups_leaves_all_of_them() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let users = acme.users(2).await;
    let mut groups = Vec::new();
    for number in 0..230 {
        groups.push(acme.group(&format!("Group {number}"), &users).await.id);
    }
    acme.delete(USER, &users[0], "").await.unwrap();
    for id in &groups {
        let members = acme.get(GROUP, id).await.unwrap()["members"].clone();
        assert_eq!(members, json!([{ "value": users[1] }]));
    }
    assert_eq!(acme.get(USER, &users[1]).await.unwrap()["groups"].as_array().unwrap().len(), 230);
}

#[tokio::test]
async fn one_users_trouble_is_nobody_elses() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::Directory).await;
    acme.roles_mean(&[("Engineers", "engineer")]).await;
    let users = acme.users(3).await;
    let team = acme.group("Engineers", &[]).await;
    // Somebody who turned out to be somebody who turned out to be them: nobody can be found at the end of that.
    let name = acme.tenant.found(&registry, "user1").await.unwrap();
    let (_, lost) = vestibule_rpc::resource::person("", &name).unwrap();
    let superseded = person::Event::from(person::Superseded { person: lost, by: lost, released_digest: None });
    let stream = StreamId::of_id(person::CATEGORY, Some(acme.tenant.id()), lost.uuid());
    let version = registry.log.load::<person::Person>(&stream).await.unwrap().version;
    let transaction = Transaction::new(Metadata::default()).append(stream, version, &[superseded]).unwrap();
    registry.log.append(transaction).await.unwrap();
    let added = users.iter().map(|id| id.parse().unwrap()).collect();
    record(&acme, &team.id, &[MembersChanged { added, removed: vec![], is_unfinished: true }.into()]).await;
    until("the others' roles", async || {
        let mut with = 0;
        for name in ["user0", "user2"] {
            with += usize::from(acme.tenant.roles_of(&registry, name).await == ["engineer"]);
        }
        with == 2
    })
    .await;
    assert_eq!(registry.troubles(), Vec::<String>::new());
}

#[tokio::test]
async fn a_member_who_is_gone_does_not_stay_in_the_group() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::Directory).await;
    let users = acme.users(2).await;
    let team = acme.group("Engineers", &users[..1]).await;
    acme.delete(USER, &users[1], "").await.unwrap();
    // Deleted between the look at the index and the append.
    let joined = MembersChanged { added: vec![users[1].parse().unwrap()], removed: vec![], is_unfinished: true };
    record(&acme, &team.id, &[joined.into()]).await;
    until("nobody but users among the members", async || {
        acme.get(GROUP, &team.id).await.unwrap()["members"] == json!([{ "value": users[0] }])
    })
    .await;
}
