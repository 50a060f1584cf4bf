use tonic::{Code, Status};
use vestibule_rpc::registry::v1::{
    LinkNativeUserRequest, ListPersonsRequest, NativeUser, Organization, Person, RelinkPersonRequest,
    UnlinkNativeUserRequest, list_persons_request, person::State, relink_person_request,
};

use crate::{
    people::{Tenant, get, person_id},
    registry::{Registry, assert_field, assert_refused},
};

const SUB: &str = "33ba4a1e-9f0c-4b3e-8a37-0a1b2c3d4e5f";
const OTHER_SUB: &str = "44ba4a1e-9f0c-4b3e-8a37-0a1b2c3d4e5f";

fn home(organization: &Organization) -> String {
    let kind = organization.placement.as_ref().unwrap().kind.as_ref().unwrap();
    let vestibule_rpc::registry::v1::placement::Kind::SharedPool(shared) = kind else { panic!("{kind:?}") };
    shared.user_pool.clone()
}

fn native(pool: &str, sub: &str) -> NativeUser {
    NativeUser { user_pool: pool.to_owned(), native_user: sub.to_owned() }
}

async fn link(registry: &Registry, tenant: &Tenant, sub: &str, person: &str) -> Result<Person, Status> {
    link_in(registry, tenant, &home(&tenant.organization), sub, person).await
}

async fn link_in(registry: &Registry, tenant: &Tenant, pool: &str, sub: &str, person: &str) -> Result<Person, Status> {
    let request = LinkNativeUserRequest {
        parent: tenant.organization.name.clone(),
        native_user: Some(native(pool, sub)),
        person: person.to_owned(),
    };
    Ok(registry.persons().link_native_user(request).await?.into_inner().person.unwrap())
}

async fn unlink(registry: &Registry, name: &str, pool: &str) -> Result<Person, Status> {
    let request = UnlinkNativeUserRequest { name: name.to_owned(), user_pool: pool.to_owned(), etag: String::new() };
    Ok(registry.persons().unlink_native_user(request).await?.into_inner().person.unwrap())
}

#[tokio::test]
async fn a_native_user_becomes_a_person_once() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    let pool = home(&acme.organization);
    let linked = link(&registry, &acme, SUB, "").await.unwrap();
    assert_eq!((linked.state(), linked.connection.as_str(), linked.profile.is_none()), (State::Active, "", true));
    assert_eq!(linked.native_users, [native(&pool, SUB)]);
    assert_eq!(link(&registry, &acme, SUB, "").await.unwrap(), linked, "asking again answers the same");
    assert_eq!(link(&registry, &acme, SUB, &linked.name).await.unwrap(), linked);
    assert_eq!(get(&registry, &linked.name).await, linked);

    let everybody = ListPersonsRequest { parent: acme.organization.name.clone(), ..ListPersonsRequest::default() };
    let listed = registry.persons().list_persons(everybody.clone()).await.unwrap().into_inner();
    assert_eq!(listed.persons, std::slice::from_ref(&linked));
    let found_by = Some(list_persons_request::FoundBy::NativeUser(native(&pool, SUB)));
    let found = registry.persons().list_persons(ListPersonsRequest { found_by, ..everybody }).await.unwrap();
    assert_eq!(found.into_inner().persons, std::slice::from_ref(&linked));

    assert_eq!(unlink(&registry, &linked.name, &pool).await.unwrap().native_users, []);
    let again = unlink(&registry, &linked.name, &pool).await;
    assert_refused(again, Code::FailedPrecondition, "NATIVE_USER_NOT_LINKED");
    assert_ne!(link(&registry, &acme, SUB, "").await.unwrap().name, linked.name, "another person from now on");
}

#[tokio::test]
async fn eight_who_link_one_native_user_at_once_get_the_same_person() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    let request = LinkNativeUserRequest {
        parent: acme.organization.name.clone(),
        native_user: Some(native(&home(&acme.organization), SUB)),
        person: String::new(),
    };
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let (mut persons, request) = (registry.persons(), request.clone());
            tokio::spawn(async move { persons.link_native_user(request).await.unwrap().into_inner().person.unwrap() })
        })
        .collect();
    let mut names = std::collections::BTreeSet::new();
    for attempt in attempts {
        names.insert(attempt.await.unwrap().name);
    }
    assert_eq!(names.len(), 1);
}

#[tokio::test]
async fn a_native_user_who_got_single_sign_on_stays_the_same_person() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    let ada = link(&registry, &acme, SUB, "").await.unwrap();
    let request = RelinkPersonRequest {
        name: ada.name.clone(),
        etag: ada.etag.clone(),
        found_by: Some(relink_person_request::FoundBy::Subject(acme.subject("ada"))),
    };
    let relinked = registry.persons().relink_person(request).await.unwrap().into_inner().person.unwrap();
    assert_eq!((relinked.connection, relinked.native_users.len()), (acme.connection.name.clone(), 1));
    assert_eq!(acme.found(&registry, "ada").await, Some(ada.name.clone()));

    // And one who signed in over a connection first is given the native user.
    acme.sign_in(&registry, person_id(2), "bob").await.unwrap();
    let bob = link(&registry, &acme, OTHER_SUB, &acme.name(person_id(2))).await.unwrap();
    assert_eq!((bob.native_users.len(), bob.connection.as_str()), (1, acme.connection.name.as_str()));
    let merge = RelinkPersonRequest {
        name: ada.name,
        etag: String::new(),
        found_by: Some(relink_person_request::FoundBy::Duplicate(bob.name)),
    };
    let refused = registry.persons().relink_person(merge).await;
    assert_refused(refused, Code::FailedPrecondition, "PERSON_HAS_NATIVE_USER");
}

#[tokio::test]
async fn a_native_user_belongs_to_one_person_of_an_organization_that_lives_in_the_pool() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    let pool = home(&acme.organization);
    let globex = Tenant {
        organization: registry.create_organization_in(&pool, "globex").await.unwrap(),
        connection: acme.connection.clone(),
    };
    let ada = link(&registry, &acme, SUB, "").await.unwrap();
    assert_refused(link(&registry, &globex, SUB, "").await, Code::AlreadyExists, "NATIVE_USER_TAKEN");
    let bob = link(&registry, &acme, OTHER_SUB, "").await.unwrap();
    assert_refused(link(&registry, &acme, SUB, &bob.name).await, Code::AlreadyExists, "NATIVE_USER_TAKEN");
    let third = "55ba4a1e-9f0c-4b3e-8a37-0a1b2c3d4e5f";
    let refused = link(&registry, &acme, third, &ada.name).await;
    assert_refused(refused, Code::FailedPrecondition, "PERSON_HAS_NATIVE_USER");
    assert_field(link(&registry, &globex, third, &ada.name).await, "OTHER_ORGANIZATION", "person");
    let nobody = acme.name(person_id(7));
    assert_refused(link(&registry, &acme, third, &nobody).await, Code::NotFound, "PERSON_NOT_FOUND");

    let (elsewhere, _) = registry.create_pool("eu-west-1_Elsewhere").await;
    let refused = link_in(&registry, &acme, &elsewhere.name, third, "").await;
    assert_refused(refused, Code::FailedPrecondition, "OTHER_USER_POOL");
    for (pool, sub, reason, field) in [
        (pool.as_str(), "ada", "NATIVE_USER_ID_INVALID", "native_user.native_user"),
        ("pools/1", third, "RESOURCE_NAME_INVALID", "native_user.user_pool"),
    ] {
        assert_field(link_in(&registry, &acme, pool, sub, "").await, reason, field);
    }
    let nothing = LinkNativeUserRequest { parent: acme.organization.name.clone(), ..LinkNativeUserRequest::default() };
    assert_field(registry.persons().link_native_user(nothing).await, "FIELD_REQUIRED", "native_user");
}
