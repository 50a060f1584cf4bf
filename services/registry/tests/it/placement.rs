use prost_types::FieldMask;
use tonic::{Code, Status};
use vestibule_rpc::registry::v1::{
    CreateOrganizationRequest, GetOrganizationRequest, Organization, Placement, UpdateOrganizationRequest,
    organization::ForeignEmail,
    placement::{AppClient, Group, Kind, OwnPool},
};

use crate::registry::{Registry, assert_field, assert_refused, organization, shared_pool};

fn own_pool(pool: &str) -> Placement {
    placed(Kind::OwnPool(OwnPool { user_pool: pool.to_owned() }))
}

fn own_app_client(pool: &str, client: &str) -> Placement {
    placed(Kind::AppClient(AppClient { user_pool: pool.to_owned(), app_client_id: client.to_owned() }))
}

fn group(pool: &str, group: &str) -> Placement {
    placed(Kind::Group(Group { user_pool: pool.to_owned(), group: group.to_owned() }))
}

fn placed(kind: Kind) -> Placement {
    Placement { kind: Some(kind) }
}

async fn create(registry: &Registry, slug: &str, placement: Placement) -> Result<Organization, Status> {
    let wanted = Organization { placement: Some(placement), ..organization(slug, "") };
    create_with(registry, wanted, "").await
}

async fn create_with(registry: &Registry, wanted: Organization, request_id: &str) -> Result<Organization, Status> {
    let request = CreateOrganizationRequest { organization: Some(wanted), request_id: request_id.to_owned() };
    Ok(registry.organizations().create_organization(request).await?.into_inner().organization.unwrap())
}

async fn move_to(registry: &Registry, name: &str, placement: Placement) -> Result<Organization, Status> {
    let organization =
        Some(Organization { name: name.to_owned(), placement: Some(placement), ..Organization::default() });
    let request = UpdateOrganizationRequest { organization, update_mask: None };
    Ok(registry.organizations().update_organization(request).await?.into_inner().organization.unwrap())
}

#[tokio::test]
async fn every_placement_is_kept_as_it_was_asked_for() {
    let registry = Registry::start().await;
    let (shared, _) = registry.create_pool("eu-west-1_Shared1").await;
    let (silo, _) = registry.create_pool("eu-west-1_Silo1").await;
    for (slug, placement) in [
        ("shared", shared_pool(&shared.name)),
        ("group", group(&shared.name, "acme")),
        ("same-group", group(&shared.name, "acme")),
        ("bridge", own_app_client(&shared.name, "3n4b5example")),
        ("silo", own_pool(&silo.name)),
    ] {
        let created = create(&registry, slug, placement.clone()).await.unwrap();
        assert_eq!(created.placement, Some(placement), "{slug}");
        let request = GetOrganizationRequest { name: created.name.clone() };
        let read = registry.organizations().get_organization(request).await.unwrap().into_inner();
        assert_eq!(read.organization, Some(created));
    }
}

#[tokio::test]
async fn a_pool_or_app_client_of_ones_own_is_nobody_elses() {
    let registry = Registry::start().await;
    let (shared, _) = registry.create_pool("eu-west-1_Shared1").await;
    let (silo, _) = registry.create_pool("eu-west-1_Silo1").await;
    let acme = create(&registry, "acme", own_pool(&silo.name)).await.unwrap();
    let refused = create(&registry, "globex", own_pool(&silo.name)).await;
    assert_refused(refused, Code::AlreadyExists, "NAME_TAKEN");
    for intruder in [shared_pool(&silo.name), group(&silo.name, "x"), own_app_client(&silo.name, "x")] {
        let refused = create(&registry, "globex", intruder.clone()).await;
        assert_refused(refused, Code::FailedPrecondition, "USER_POOL_NOT_SHARED");
    }
    create(&registry, "globex", own_app_client(&shared.name, "client")).await.unwrap();
    let refused = create(&registry, "hooli", own_app_client(&shared.name, "client")).await;
    assert_refused(refused, Code::AlreadyExists, "NAME_TAKEN");
    let refused = move_to(&registry, &acme.name, own_pool(&shared.name)).await;
    assert_refused(refused, Code::FailedPrecondition, "USER_POOL_SHARED");

    // What is left is free, at once.
    move_to(&registry, &acme.name, own_app_client(&silo.name, "client")).await.unwrap();
    let moved = move_to(&registry, &acme.name, own_pool(&silo.name)).await.unwrap();
    assert_eq!(moved.placement, Some(own_pool(&silo.name)), "nobody else had moved in");
    move_to(&registry, &acme.name, shared_pool(&shared.name)).await.unwrap();
    create(&registry, "hooli", own_pool(&silo.name)).await.unwrap();
}

#[tokio::test]
async fn a_silo_is_created_again_by_a_retry() {
    let registry = Registry::start().await;
    let (silo, _) = registry.create_pool("eu-west-1_Silo1").await;
    let wanted = Organization {
        placement: Some(own_pool(&silo.name)),
        foreign_email: ForeignEmail::Refuse.into(),
        ..organization("acme", "")
    };
    let id = "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7b";
    let first = create_with(&registry, wanted.clone(), id).await.unwrap();
    assert_eq!(first.foreign_email(), ForeignEmail::Refuse);
    assert_eq!(create_with(&registry, wanted, id).await.unwrap(), first);
}

#[tokio::test]
async fn what_is_wrong_with_a_placement_is_named() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    for (placement, reason, field) in [
        (placed_nowhere(), "FIELD_REQUIRED", "organization.placement"),
        (own_pool("pools/1"), "RESOURCE_NAME_INVALID", "organization.placement.own_pool.user_pool"),
        (group(&pool.name, "a b"), "GROUP_NAME_INVALID", "organization.placement.group.group"),
        (group("", "a"), "RESOURCE_NAME_INVALID", "organization.placement.group.user_pool"),
        (own_app_client(&pool.name, "a b"), "APP_CLIENT_ID_INVALID", "organization.placement.app_client.app_client_id"),
    ] {
        assert_field(create(&registry, "acme", placement).await, reason, field);
    }
    let nowhere = own_pool("userPools/01890a5d-ac96-774b-bcce-b302099a8057");
    assert_refused(create(&registry, "acme", nowhere).await, Code::FailedPrecondition, "USER_POOL_NOT_FOUND");
}

fn placed_nowhere() -> Placement {
    Placement::default()
}

#[tokio::test]
async fn the_policy_for_foreign_addresses_changes_by_mask() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    assert_eq!(acme.foreign_email(), ForeignEmail::Withhold);
    let update = async |policy: i32, mask: &[&str]| {
        let organization =
            Some(Organization { name: acme.name.clone(), foreign_email: policy, ..Organization::default() });
        let paths = mask.iter().map(|&path| path.to_owned()).collect();
        let request = UpdateOrganizationRequest { organization, update_mask: Some(FieldMask { paths }) };
        let answer = registry.organizations().update_organization(request).await;
        answer.map(|answer| answer.into_inner().organization.unwrap().foreign_email())
    };
    assert_eq!(update(ForeignEmail::Refuse.into(), &[]).await.unwrap(), ForeignEmail::Refuse);
    assert_eq!(update(0, &[]).await.unwrap(), ForeignEmail::Refuse, "what is not set stays");
    assert_eq!(update(0, &["foreign_email"]).await.unwrap(), ForeignEmail::Withhold);
    assert_field(update(7, &[]).await, "FOREIGN_EMAIL_INVALID", "organization.foreign_email");
}
