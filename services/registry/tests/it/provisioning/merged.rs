//! One human whom an operator has put together out of two people, and of whom the directory has two users.

use serde_json::json;
use tonic::Status;
use vestibule_rpc::registry::v1::{
    Person, RelinkPersonRequest, directory::Roles, person::State, relink_person_request,
};

use super::world::{Directory, USER, user};
use crate::registry::Registry;

async fn person(directory: &Directory<'_>, name_id: &str) -> Option<Person> {
    let name = directory.tenant.found(directory.registry, name_id).await?;
    Some(crate::people::get(directory.registry, &name).await)
}

/// `old` is found as `new` from now on; who was that has turned out to be `old`.
async fn merge(directory: &Directory<'_>, old: &Person, new: &Person) -> Result<(), Status> {
    let request = RelinkPersonRequest {
        name: old.name.clone(),
        etag: String::new(),
        found_by: Some(relink_person_request::FoundBy::Duplicate(new.name.clone())),
    };
    directory.registry.persons().relink_person(request).await.map(drop)
}

fn active(is_active: bool) -> serde_json::Value {
    json!([{ "op": "replace", "path": "active", "value": is_active }])
}

#[tokio::test]
async fn the_account_that_somebody_signs_in_with_speaks_for_them() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::Directory).await;
    acme.roles_mean(&[("Engineers", "engineer"), ("Interns", "intern")]).await;
    // Somebody left, came again with another account, and keeps who they were.
    let old_account = acme.create(USER, &user("ada")).await.unwrap().id;
    let new_account = acme.create(USER, &user("ada.king")).await.unwrap().id;
    let (old, new) = (person(&acme, "ada").await.unwrap(), person(&acme, "ada.king").await.unwrap());
    merge(&acme, &old, &new).await.unwrap();
    let ada = async || person(&acme, "ada.king").await.unwrap();
    assert_eq!(ada().await.name, old.name);

    // The old account says no more of them: neither roles, nor whether they may sign in, nor how they are found.
    acme.group("Interns", std::slice::from_ref(&old_account)).await;
    assert_eq!(ada().await.roles, Vec::<String>::new());
    acme.group("Engineers", std::slice::from_ref(&new_account)).await;
    assert_eq!(ada().await.roles, ["engineer"]);
    let shown = json!([{ "op": "add", "path": "displayName", "value": "Somebody else" }]);
    acme.patch(USER, &old_account, "", &shown).await.unwrap();
    assert_ne!(ada().await.profile.unwrap().display_name, "Somebody else");
    assert!(person(&acme, "ada").await.is_none(), "nobody is made of an account that nobody uses");
    acme.patch(USER, &old_account, "", &active(false)).await.unwrap();
    assert_eq!((ada().await.name, ada().await.state()), (old.name.clone(), State::Active));
    // And whoever signs in with the old account is let out, as it says.
    assert_eq!(person(&acme, "ada").await.unwrap().state(), State::Deactivated);
    acme.delete(USER, &old_account, "").await.unwrap();
    assert_eq!((ada().await.state(), ada().await.roles), (State::Active, vec!["engineer".to_owned()]));

    acme.patch(USER, &new_account, "", &active(false)).await.unwrap();
    assert_eq!(ada().await.state(), State::Deactivated);
    acme.patch(USER, &new_account, "", &active(true)).await.unwrap();
    acme.delete(USER, &new_account, "").await.unwrap();
    assert_eq!(ada().await.state(), State::Deactivated);
}

#[tokio::test]
async fn two_accounts_of_one_person_do_not_take_them_from_each_other() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let accounts = acme.users(2).await;
    let (first, second) = (person(&acme, "user0").await.unwrap(), person(&acme, "user1").await.unwrap());
    merge(&acme, &first, &second).await.unwrap();
    let before = person(&acme, "user1").await.unwrap();
    for round in 0..3 {
        for account in &accounts {
            let shown = json!([{ "op": "add", "path": "nickName", "value": round.to_string() }]);
            acme.patch(USER, account, "", &shown).await.unwrap();
        }
    }
    assert_eq!(person(&acme, "user1").await.unwrap().etag, before.etag);
    let relinked = registry.events().await.iter().filter(|event| event.name == "person.relinked").count();
    assert_eq!(relinked, 1, "by the operator, and by nobody else");
}

#[tokio::test]
async fn how_an_operator_lets_somebody_be_found_stays_until_the_directory_says_another_name() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let account = acme.users(1).await.remove(0);
    let ada = person(&acme, "user0").await.unwrap();
    let found_by = Some(relink_person_request::FoundBy::Subject(acme.tenant.subject("ada")));
    let request = RelinkPersonRequest { name: ada.name.clone(), etag: String::new(), found_by };
    registry.persons().relink_person(request).await.unwrap();
    let shown = json!([{ "op": "add", "path": "displayName", "value": "Ada" }]);
    acme.patch(USER, &account, "", &shown).await.unwrap();
    let shown = person(&acme, "ada").await.unwrap();
    assert_eq!((shown.name, shown.profile.unwrap().display_name), (ada.name.clone(), "Ada".to_owned()));
    acme.patch(USER, &account, "", &active(false)).await.unwrap();
    assert_eq!(person(&acme, "ada").await.unwrap().state(), State::Deactivated);
    let renamed = json!([{ "op": "replace", "path": "userName", "value": "king" }]);
    acme.patch(USER, &account, "", &renamed).await.unwrap();
    assert_eq!(person(&acme, "king").await.unwrap().name, ada.name);
}

#[tokio::test]
async fn who_signs_in_with_the_account_that_was_left_is_that_accounts_person() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let accounts = acme.users(2).await;
    let (first, second) = (person(&acme, "user0").await.unwrap(), person(&acme, "user1").await.unwrap());
    merge(&acme, &first, &second).await.unwrap();
    acme.tenant.sign_in(&registry, crate::people::person_id(7), "user0").await.unwrap();
    assert_eq!(person(&acme, "user0").await.unwrap().state(), State::Active);
    acme.delete(USER, &accounts[0], "").await.unwrap();
    assert_eq!(person(&acme, "user0").await.unwrap().state(), State::Deactivated);
    assert_eq!(person(&acme, "user1").await.unwrap().state(), State::Active);
}
