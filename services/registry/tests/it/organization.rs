use prost_types::FieldMask;
use tonic::Code;
use vestibule_rpc::{
    field_violations,
    registry::v1::{
        CreateOrganizationRequest, GetOrganizationRequest, Organization, ReinstateOrganizationRequest,
        SuspendOrganizationRequest, UpdateOrganizationRequest,
        organization::{ForeignEmail, State},
    },
};

use crate::registry::{Registry, assert_field, assert_refused, organization, shared_pool};

const NOBODY: &str = "organizations/01890a5d-ac96-774b-bcce-b302099a8057";

async fn get(registry: &Registry, name: &str) -> Result<Organization, tonic::Status> {
    let request = GetOrganizationRequest { name: name.to_owned() };
    Ok(registry.organizations().get_organization(request).await?.into_inner().organization.unwrap())
}

async fn update(
    registry: &Registry,
    organization: Organization,
    paths: &[&str],
) -> Result<Organization, tonic::Status> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request =
        UpdateOrganizationRequest { organization: Some(organization), update_mask: Some(FieldMask { paths }) };
    Ok(registry.organizations().update_organization(request).await?.into_inner().organization.unwrap())
}

#[tokio::test]
async fn an_organization_is_created_and_read_back() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    let wanted = Organization { external_id: "crm-4711".to_owned(), ..organization("acme", &pool.name) };
    let request = CreateOrganizationRequest { organization: Some(wanted.clone()), request_id: String::new() };
    let created = registry.organizations().create_organization(request).await.unwrap();
    let created = created.into_inner().organization.unwrap();

    assert!(created.name.starts_with("organizations/"));
    assert_eq!(created.state(), State::Active);
    assert_eq!(created.create_time, created.update_time);
    assert_eq!(created.create_time.unwrap().seconds, crate::registry::now().unix_seconds());
    let expected = Organization {
        name: created.name.clone(),
        state: created.state,
        create_time: created.create_time,
        update_time: created.update_time,
        etag: "1".to_owned(),
        foreign_email: ForeignEmail::Withhold.into(),
        ..wanted
    };
    assert_eq!(created, expected);
    assert_eq!(get(&registry, &created.name).await.unwrap(), created);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let registry = Registry::start().await;
    let wrong = Organization {
        slug: "Not A Slug".to_owned(),
        external_id: "x".repeat(129),
        display_name: "\u{202E}evil".to_owned(),
        tier: "t".repeat(41),
        region: "Europe".to_owned(),
        placement: Some(shared_pool("pools/1")),
        ..Organization::default()
    };
    let request = CreateOrganizationRequest { organization: Some(wrong), request_id: String::new() };
    let status = registry.organizations().create_organization(request).await.unwrap_err();
    let mut fields: Vec<String> = field_violations(&status).into_iter().map(|(field, _)| field).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "organization.display_name",
            "organization.external_id",
            "organization.placement.shared_pool.user_pool",
            "organization.region",
            "organization.slug",
            "organization.tier",
        ]
    );
    assert!(registry.events().await.is_empty());
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let registry = Registry::start().await;
    let nothing = registry.organizations().create_organization(CreateOrganizationRequest::default()).await;
    assert_field(nothing, "FIELD_REQUIRED", "organization");
    let (pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    let unplaced = Organization { placement: None, ..organization("acme", &pool.name) };
    let request = CreateOrganizationRequest { organization: Some(unplaced), request_id: String::new() };
    let outcome = registry.organizations().create_organization(request).await;
    assert_field(outcome, "FIELD_REQUIRED", "organization.placement");
}

#[tokio::test]
async fn nobody_is_placed_in_a_pool_that_does_not_exist() {
    let registry = Registry::start().await;
    let nowhere = "userPools/01890a5d-ac96-774b-bcce-b302099a8057";
    let outcome = registry.create_organization_in(nowhere, "acme").await;
    assert_refused(outcome, Code::FailedPrecondition, "USER_POOL_NOT_FOUND");
    let acme = registry.create_organization("acme").await;
    let moved = Organization { placement: Some(shared_pool(nowhere)), ..acme };
    let outcome = update(&registry, moved, &["placement"]).await;
    assert_refused(outcome, Code::FailedPrecondition, "USER_POOL_NOT_FOUND");
}

#[tokio::test]
async fn an_unknown_or_malformed_name_is_refused() {
    let registry = Registry::start().await;
    assert_refused(get(&registry, NOBODY).await, Code::NotFound, "ORGANIZATION_NOT_FOUND");
    for name in ["", "acme", "organizations/acme", "organizations/", &format!("{NOBODY}/x"), &NOBODY.to_uppercase()] {
        assert_field(get(&registry, name).await, "RESOURCE_NAME_INVALID", "name");
    }
    let request = SuspendOrganizationRequest { name: NOBODY.to_owned(), etag: "1".to_owned(), note: String::new() };
    let outcome = registry.organizations().suspend_organization(request).await;
    assert_refused(outcome, Code::NotFound, "ORGANIZATION_NOT_FOUND");
    let request = ReinstateOrganizationRequest { name: NOBODY.to_owned(), etag: String::new() };
    let outcome = registry.organizations().reinstate_organization(request).await;
    assert_refused(outcome, Code::NotFound, "ORGANIZATION_NOT_FOUND");
    let unknown = Organization { name: NOBODY.to_owned(), ..Organization::default() };
    assert_refused(update(&registry, unknown, &[]).await, Code::NotFound, "ORGANIZATION_NOT_FOUND");
}

#[tokio::test]
async fn of_eight_who_want_the_same_slug_one_gets_it() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    let attempts = (0..8).map(|_| {
        let (channel, name) = (registry.organizations(), pool.name.clone());
        tokio::spawn(async move {
            let mut client = channel;
            let organization = Some(organization("acme", &name));
            client.create_organization(CreateOrganizationRequest { organization, request_id: String::new() }).await
        })
    });
    let mut won = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            Ok(_) => won += 1,
            lost => drop(assert_refused(lost, Code::AlreadyExists, "NAME_TAKEN")),
        }
    }
    assert_eq!(won, 1);
    let created = registry.events().await.into_iter().filter(|event| event.name == "organization.created");
    assert_eq!(created.count(), 1);
}

#[tokio::test]
async fn an_external_id_is_unique_and_a_name_that_was_given_up_is_free() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    let acme = registry.create_organization_in(&pool.name, "acme").await.unwrap();
    let globex = registry.create_organization_in(&pool.name, "globex").await.unwrap();
    let id = |organization: &Organization| Organization { external_id: "crm-1".to_owned(), ..organization.clone() };
    let acme = update(&registry, id(&acme), &["external_id"]).await.unwrap();
    let taken = update(&registry, id(&globex), &["external_id"]).await;
    assert_refused(taken, Code::AlreadyExists, "NAME_TAKEN");

    let freed = Organization { external_id: String::new(), slug: "acme-corp".to_owned(), ..acme };
    let freed = update(&registry, freed, &["external_id", "slug"]).await.unwrap();
    assert_eq!((freed.external_id.as_str(), freed.slug.as_str()), ("", "acme-corp"));
    let taken_over = Organization { slug: "acme".to_owned(), ..id(&globex) };
    let globex = update(&registry, taken_over, &["external_id", "slug"]).await.unwrap();
    assert_eq!((globex.external_id.as_str(), globex.slug.as_str()), ("crm-1", "acme"));
}

#[tokio::test]
async fn an_update_changes_what_the_mask_names_and_nothing_else() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    registry.clock.advance(std::time::Duration::from_mins(1));
    let wanted = Organization {
        display_name: "Acme Holding".to_owned(),
        tier: "basic".to_owned(),
        region: "us-east-1".to_owned(),
        ..acme.clone()
    };
    let updated = update(&registry, wanted.clone(), &["display_name"]).await.unwrap();
    assert_eq!((updated.display_name.as_str(), updated.tier.as_str()), ("Acme Holding", "enterprise"));
    assert_eq!(updated.etag, "2");
    assert!(updated.update_time.unwrap().seconds == updated.create_time.unwrap().seconds + 60);

    // Without a mask: every field that is set.
    let sparse = Organization { name: acme.name.clone(), region: "us-east-1".to_owned(), ..Organization::default() };
    let updated = update(&registry, sparse, &[]).await.unwrap();
    assert_eq!((updated.display_name.as_str(), updated.region.as_str()), ("Acme Holding", "us-east-1"));
    // A field that is named and empty is emptied.
    let emptied = Organization { name: acme.name.clone(), ..Organization::default() };
    assert_eq!(update(&registry, emptied, &["tier"]).await.unwrap().tier, "");

    for path in ["state", "create_time", "name", "nonsense", "placement.shared_pool"] {
        let outcome = update(&registry, Organization { etag: String::new(), ..wanted.clone() }, &[path]).await;
        assert_field(outcome, "UPDATE_MASK_INVALID", "update_mask");
    }
    let bad = Organization { etag: String::new(), display_name: " ".to_owned(), ..wanted };
    assert_field(update(&registry, bad, &["display_name"]).await, "DISPLAY_NAME_INVALID", "organization.display_name");
}

#[tokio::test]
async fn an_update_that_changes_nothing_records_nothing() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let before = registry.events().await.len();
    let same = update(&registry, acme.clone(), &["slug", "display_name", "tier", "region", "placement"]).await;
    assert_eq!(same.unwrap(), acme);
    assert_eq!(registry.events().await.len(), before);
}

#[tokio::test]
async fn a_stale_etag_changes_nothing() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let first = Organization { tier: "basic".to_owned(), ..acme.clone() };
    update(&registry, first, &["tier"]).await.unwrap();
    let second = Organization { tier: "gold".to_owned(), ..acme.clone() };
    assert_refused(update(&registry, second.clone(), &["tier"]).await, Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(get(&registry, &acme.name).await.unwrap().tier, "basic");
    let suspend = SuspendOrganizationRequest { name: acme.name.clone(), etag: acme.etag, note: String::new() };
    let outcome = registry.organizations().suspend_organization(suspend).await;
    assert_refused(outcome, Code::Aborted, "ETAG_MISMATCH");
    for etag in ["x", "0", "01", "-1", "99999999999999999999"] {
        let odd = Organization { etag: etag.to_owned(), ..second.clone() };
        assert_field(update(&registry, odd, &["tier"]).await, "ETAG_INVALID", "organization.etag");
    }
}

#[tokio::test]
async fn suspending_and_reinstating_can_be_repeated() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let suspend = SuspendOrganizationRequest {
        name: acme.name.clone(),
        etag: acme.etag.clone(),
        note: "unpaid since June".to_owned(),
    };
    let suspended = registry.organizations().suspend_organization(suspend.clone()).await.unwrap().into_inner();
    let suspended = suspended.organization.unwrap();
    assert_eq!((suspended.state(), suspended.etag.as_str()), (State::Suspended, "2"));
    let again = SuspendOrganizationRequest { etag: String::new(), ..suspend };
    let again = registry.organizations().suspend_organization(again).await.unwrap().into_inner();
    assert_eq!(again.organization.unwrap(), suspended);

    let reinstate = ReinstateOrganizationRequest { name: acme.name.clone(), etag: suspended.etag };
    let reinstated = registry.organizations().reinstate_organization(reinstate).await.unwrap().into_inner();
    assert_eq!(reinstated.organization.unwrap().state(), State::Active);
    let reinstate = ReinstateOrganizationRequest { name: acme.name.clone(), etag: String::new() };
    let again = registry.organizations().reinstate_organization(reinstate).await.unwrap().into_inner();
    assert_eq!(again.organization.unwrap().etag, "3");

    let long = SuspendOrganizationRequest { name: acme.name, etag: String::new(), note: "x".repeat(501) };
    assert_field(registry.organizations().suspend_organization(long).await, "NOTE_INVALID", "note");
}
