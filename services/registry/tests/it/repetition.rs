use vestibule_rpc::registry::v1::{
    CreateConnectionRequest, CreateDomainRequest, CreateOrganizationRequest, CreateUserPoolRequest, Domain,
    SuspendOrganizationRequest,
};

use crate::registry::{Registry, assert_field, identity_provider, organization, pool, saml_connection};

const REQUEST_ID: &str = "5f1d7a3e-9a0b-4c7e-8f65-0d3c2b1a4e5f";

#[tokio::test]
async fn a_repeated_creation_answers_what_the_first_one_did() {
    let registry = Registry::start().await;
    let (user_pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    let request = CreateOrganizationRequest {
        organization: Some(organization("acme", &user_pool.name)),
        request_id: REQUEST_ID.to_owned(),
    };
    let first = registry.organizations().create_organization(request.clone()).await.unwrap().into_inner();
    let name = first.organization.as_ref().unwrap().name.clone();
    let suspend = SuspendOrganizationRequest { name, ..SuspendOrganizationRequest::default() };
    registry.organizations().suspend_organization(suspend).await.unwrap();
    let events = registry.events().await.len();
    let again = registry.organizations().create_organization(request.clone()).await.unwrap().into_inner();
    assert_eq!(again, first);
    assert_eq!(registry.events().await.len(), events);

    let other = organization("globex", &user_pool.name);
    let reused = CreateOrganizationRequest { organization: Some(other), ..request.clone() };
    let outcome = registry.organizations().create_organization(reused.clone()).await;
    assert_field(outcome, "REQUEST_ID_REUSED", "request_id");
    // Another id is another request, and an id counts for its method only.
    let fresh = CreateOrganizationRequest { request_id: REQUEST_ID.replace("5f1d", "6f1d"), ..reused };
    registry.organizations().create_organization(fresh).await.unwrap();
    let malformed = CreateOrganizationRequest { request_id: "1".to_owned(), ..request };
    let outcome = registry.organizations().create_organization(malformed).await;
    assert_field(outcome, "REQUEST_ID_INVALID", "request_id");
}

#[tokio::test]
async fn eight_repetitions_at_once_create_one() {
    let registry = Registry::start().await;
    let (user_pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let mut client = registry.organizations();
            let organization = Some(organization("acme", &user_pool.name));
            let request = CreateOrganizationRequest { organization, request_id: REQUEST_ID.to_owned() };
            tokio::spawn(async move { client.create_organization(request).await.unwrap().into_inner() })
        })
        .collect();
    let mut answers = Vec::new();
    for attempt in attempts {
        answers.push(attempt.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let created = registry.events().await.into_iter().filter(|event| event.name == "organization.created");
    assert_eq!(created.count(), 1);
}

#[tokio::test]
async fn a_repetition_never_shows_the_secret_again() {
    let registry = Registry::start().await;
    let request =
        CreateUserPoolRequest { user_pool: Some(pool("eu-west-1_AbCd12345")), request_id: REQUEST_ID.to_owned() };
    let first = registry.user_pools().create_user_pool(request.clone()).await.unwrap().into_inner();
    let again = registry.user_pools().create_user_pool(request).await.unwrap().into_inner();
    assert!(!first.client_secret.is_empty());
    assert_eq!(again.client_secret, "");
    assert_eq!(again.user_pool, first.user_pool);
}

#[tokio::test]
async fn domains_and_connections_can_be_repeated_too() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let claim = CreateDomainRequest {
        parent: acme.name.clone(),
        domain: Some(Domain { domain_name: "acme.test".to_owned(), ..Domain::default() }),
        request_id: REQUEST_ID.to_owned(),
    };
    let first = registry.domains().create_domain(claim.clone()).await.unwrap().into_inner();
    assert_eq!(registry.domains().create_domain(claim).await.unwrap().into_inner(), first);
    let create = CreateConnectionRequest {
        parent: acme.name,
        connection: Some(saml_connection("Acme", &identity_provider().metadata_xml())),
        request_id: REQUEST_ID.to_owned(),
    };
    let first = registry.connections().create_connection(create.clone()).await.unwrap().into_inner();
    assert_eq!(registry.connections().create_connection(create).await.unwrap().into_inner(), first);
}
