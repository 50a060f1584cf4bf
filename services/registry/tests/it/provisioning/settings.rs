use prost_types::FieldMask;
use tonic::{Code, Status};
use vestibule_eventlog::{Metadata, StreamId, Transaction};
use vestibule_rpc::registry::v1::{
    Directory as Terms, UpdateDirectoryRequest,
    directory::{Roles, Subject},
};
use vestibule_tenancy::directory;

use super::{
    NOWHERE,
    world::{Directory, USER, until, user},
};
use crate::{
    people::PERSISTENT,
    registry::{Registry, assert_field, assert_refused},
};

async fn update(directory: &Directory<'_>, wanted: Terms, paths: &[&str]) -> Result<Terms, Status> {
    let directory_wanted = Terms { name: directory.terms.name.clone(), ..wanted };
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = UpdateDirectoryRequest { directory: Some(directory_wanted), update_mask: Some(FieldMask { paths }) };
    let updated = directory.registry.directories().update_directory(request).await?;
    Ok(updated.into_inner().directory.unwrap())
}

#[tokio::test]
async fn what_people_are_recognised_by_is_changed_while_there_is_nobody() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let by_id = || Terms { subject: Subject::ExternalId.into(), ..Terms::default() };
    let ada = acme.create(USER, &user("ada")).await.unwrap();
    let before = registry.events().await.len();
    assert_refused(update(&acme, by_id(), &[]).await, Code::FailedPrecondition, "DIRECTORY_HAS_USERS");
    let format = Terms { name_id_format: "urn:x".to_owned(), ..Terms::default() };
    assert_refused(update(&acme, format, &[]).await, Code::FailedPrecondition, "DIRECTORY_HAS_USERS");
    // What is said again is no change.
    let same = Terms { subject: Subject::UserName.into(), ..Terms::default() };
    assert_eq!(update(&acme, same, &[]).await.unwrap().etag, acme.terms.etag);
    assert_eq!(registry.events().await.len(), before);

    acme.delete(USER, &ada.id, "").await.unwrap();
    assert_eq!(update(&acme, by_id(), &["subject"]).await.unwrap().subject(), Subject::ExternalId);
    let mut said = user("ada");
    assert!(acme.create(USER, &said).await.is_err(), "without what people are recognised by");
    said["externalId"] = "ada-at-the-provider".into();
    acme.create(USER, &said).await.unwrap();
    assert!(acme.tenant.found(&registry, "ada-at-the-provider").await.is_some());
}

#[tokio::test]
async fn an_update_is_of_what_was_seen_and_of_what_can_be_changed() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let roles = |etag: &str| Terms { roles: Roles::Directory.into(), etag: etag.to_owned(), ..Terms::default() };
    assert_refused(update(&acme, roles("1"), &["roles"]).await, Code::Aborted, "ETAG_MISMATCH");
    assert_field(update(&acme, roles("x"), &["roles"]).await, "ETAG_INVALID", "directory.etag");
    let other = Terms { connection: acme.tenant.connection.name.clone(), ..Terms::default() };
    assert_field(update(&acme, other, &["connection"]).await, "UPDATE_MASK_INVALID", "update_mask");
    let long = Terms { name_id_format: "x".repeat(513), ..Terms::default() };
    assert_field(update(&acme, long, &[]).await, "NAME_ID_FORMAT_INVALID", "directory.name_id_format");
    // Nobody whom it makes would be found: the connection asks for no Format, and the directory would not say one.
    let none = update(&acme, Terms::default(), &["name_id_format"]).await;
    assert_refused(none, Code::FailedPrecondition, "DIRECTORY_SUBJECT_UNKNOWN");
    let nowhere = Terms { name: acme.terms.name.replace(&acme.id().to_string(), NOWHERE), ..roles("") };
    let request = UpdateDirectoryRequest { directory: Some(nowhere), update_mask: None };
    let refused = registry.directories().update_directory(request).await;
    assert_refused(refused, Code::NotFound, "DIRECTORY_NOT_FOUND");
    let updated = update(&acme, roles(&acme.terms.etag), &["roles"]).await.unwrap();
    assert_eq!((updated.roles(), updated.subject()), (Roles::Directory, Subject::UserName));
    let recorded = registry.events().await;
    let configured: Vec<_> = recorded.iter().filter(|event| event.name == "directory.configured").collect();
    assert_eq!(configured.len(), 1);
}

#[tokio::test]
async fn who_is_made_while_the_settings_change_is_understood_by_the_new_ones() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    let mut said = user("ada");
    said["externalId"] = "ada-at-the-provider".into();
    acme.create(USER, &said).await.unwrap();
    let before = acme.tenant.found(&registry, "ada").await.unwrap();
    // Between the look at the users and the append: what was decided without them is recorded behind them.
    let settings = directory::Settings {
        subject: directory::SubjectFrom::ExternalId,
        name_id_format: Some(PERSISTENT.to_owned()),
        ..directory::Settings::default()
    };
    let configured = directory::Event::from(directory::Configured { settings });
    let stream = StreamId::of_id(directory::CATEGORY, Some(acme.tenant.id()), acme.id().uuid());
    let version = registry.log.load::<directory::Directory>(&stream).await.unwrap().version;
    let transaction = Transaction::new(Metadata::default()).append(stream, version, &[configured]).unwrap();
    registry.log.append(transaction).await.unwrap();
    let found = async || acme.tenant.found(&registry, "ada-at-the-provider").await;
    until("to be found by what is said now", async || found().await.is_some()).await;
    assert_eq!(found().await.unwrap(), before, "the same person");
    assert_eq!(acme.tenant.found(&registry, "ada").await, None);
}

#[tokio::test]
async fn groups_begin_to_mean_roles_and_cease_to_for_everybody() {
    let registry = Registry::start().await;
    let acme = registry.directory("acme", Roles::SignIn).await;
    acme.roles_mean(&[("Engineers", "engineer")]).await;
    let users = acme.users(130).await;
    acme.group("Engineers", &users[..120]).await;
    assert_eq!(acme.with_roles(&["engineer"]).await, 0, "the directory's groups mean nothing");
    let roles = |roles: Roles| Terms { roles: roles.into(), ..Terms::default() };
    update(&acme, roles(Roles::Directory), &[]).await.unwrap();
    assert_eq!((acme.with_roles(&["engineer"]).await, acme.with_roles(&[]).await), (120, 10));

    // Other rules, too, are everybody's.
    acme.roles_mean(&[("Engineers", "builder")]).await;
    until("the roles that the groups mean now", async || acme.with_roles(&["builder"]).await == 120).await;

    // What was meant stays until the next sign-in says what is.
    update(&acme, roles(Roles::SignIn), &[]).await.unwrap();
    assert_eq!(acme.with_roles(&["builder"]).await, 120);
    let person = acme.tenant.found(&registry, "user0").await.unwrap();
    let person = person.rsplit('/').next().unwrap().parse().unwrap();
    acme.tenant.sign_in(&registry, person, "user0").await.unwrap();
    assert_eq!(acme.with_roles(&["admin"]).await, 1);
}
