use tonic::Code;
use vestibule_eventlog::{Draft, Metadata, StreamAppend, StreamId, Transaction, Version};
use vestibule_rpc::registry::v1::{
    GetOrganizationRequest, ListConnectionsRequest, ListDomainsRequest, ListOrganizationsRequest,
    ListOrganizationsResponse, ListUserPoolsRequest,
};

use crate::registry::{Registry, assert_field, assert_refused, identity_provider};

async fn page(registry: &Registry, page_size: i32, token: &str) -> Result<ListOrganizationsResponse, tonic::Status> {
    let request = ListOrganizationsRequest { page_size, page_token: token.to_owned() };
    Ok(registry.organizations().list_organizations(request).await?.into_inner())
}

#[tokio::test]
async fn a_list_has_what_was_written_just_before() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    for round in 1..=20 {
        registry.create_organization_in(&pool.name, &format!("acme-{round}")).await.unwrap();
        assert_eq!(page(&registry, 100, "").await.unwrap().organizations.len(), round);
    }
}

#[tokio::test]
async fn pages_have_everything_once_in_the_order_of_creation() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    let mut created = Vec::new();
    for index in 0..7 {
        registry.clock.advance(std::time::Duration::from_millis(1));
        created.push(registry.create_organization_in(&pool.name, &format!("acme-{index}")).await.unwrap());
    }
    let (mut listed, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let answer = page(&registry, 3, &token).await.unwrap();
        assert!(answer.organizations.len() <= 3);
        listed.extend(answer.organizations);
        (token, pages) = (answer.next_page_token, pages + 1);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((listed, pages), (created, 3));
    let whole = page(&registry, 7, "").await.unwrap();
    assert_eq!((whole.organizations.len(), whole.next_page_token.as_str()), (7, ""));
}

#[tokio::test]
async fn a_token_belongs_to_its_list() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_Shared1").await;
    let acme = registry.create_organization_in(&pool.name, "acme").await.unwrap();
    let globex = registry.create_organization_in(&pool.name, "globex").await.unwrap();
    for name in ["a.test", "b.test"] {
        registry.clock.advance(std::time::Duration::from_millis(1));
        registry.create_domain(&acme.name, name).await.unwrap();
        registry.create_domain(&globex.name, name).await.unwrap();
    }
    let token = page(&registry, 1, "").await.unwrap().next_page_token;
    assert!(!token.is_empty());
    let pools = ListUserPoolsRequest { page_size: 1, page_token: token.clone() };
    assert_field(registry.user_pools().list_user_pools(pools).await, "PAGE_TOKEN_INVALID", "page_token");

    let domains = |parent: &str, token: &str| ListDomainsRequest {
        parent: parent.to_owned(),
        page_size: 1,
        page_token: token.to_owned(),
    };
    let first = registry.domains().list_domains(domains(&acme.name, "")).await.unwrap().into_inner();
    let foreign = registry.domains().list_domains(domains(&globex.name, &first.next_page_token)).await;
    assert_field(foreign, "PAGE_TOKEN_INVALID", "page_token");
    let second = registry.domains().list_domains(domains(&acme.name, &first.next_page_token)).await.unwrap();
    assert_eq!(second.into_inner().domains[0].domain_name, "b.test");

    for token in ["x", "AAAA", &"A".repeat(10_000)] {
        assert_field(page(&registry, 1, token).await, "PAGE_TOKEN_INVALID", "page_token");
    }
    for size in [-1, 1_001, i32::MIN] {
        assert_field(page(&registry, size, "").await, "PAGE_SIZE_INVALID", "page_size");
    }
}

#[tokio::test]
async fn every_list_answers_its_own_kind_and_parent() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let globex = registry.create_organization("globex").await;
    let domain = registry.create_domain(&acme.name, "acme.test").await.unwrap();
    let connection = registry.create_connection(&acme.name, &identity_provider().metadata_xml()).await.unwrap();

    let domains = |parent: &str| ListDomainsRequest { parent: parent.to_owned(), ..ListDomainsRequest::default() };
    let ours = registry.domains().list_domains(domains(&acme.name)).await.unwrap().into_inner();
    assert_eq!((ours.domains, ours.next_page_token.as_str()), (vec![domain], ""));
    let theirs = registry.domains().list_domains(domains(&globex.name)).await.unwrap().into_inner();
    assert!(theirs.domains.is_empty());
    let connections =
        |parent: &str| ListConnectionsRequest { parent: parent.to_owned(), ..ListConnectionsRequest::default() };
    let ours = registry.connections().list_connections(connections(&acme.name)).await.unwrap().into_inner();
    assert_eq!(ours.connections, [connection]);
    let theirs = registry.connections().list_connections(connections(&globex.name)).await.unwrap().into_inner();
    assert!(theirs.connections.is_empty());
    let pools = registry.user_pools().list_user_pools(ListUserPoolsRequest::default()).await.unwrap().into_inner();
    assert_eq!(pools.user_pools.len(), 2);

    let nobody = "organizations/01890a5d-ac96-774b-bcce-b302099a8057";
    let outcome = registry.domains().list_domains(domains(nobody)).await;
    assert_refused(outcome, Code::NotFound, "ORGANIZATION_NOT_FOUND");
    let outcome = registry.connections().list_connections(connections(nobody)).await;
    assert_refused(outcome, Code::NotFound, "ORGANIZATION_NOT_FOUND");
}

#[tokio::test]
async fn a_list_that_cannot_be_complete_is_refused() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let stream = StreamId::new("organization", None, None, "poison").unwrap();
    let draft = Draft {
        id: None,
        name: "organization.exploded",
        revision: 1,
        data: "{}".to_owned(),
        personal: None,
        reservations: vec![],
    };
    let append = StreamAppend { stream, expected: Version::EMPTY, drafts: vec![draft] };
    registry.log.append(Transaction { metadata: Metadata::default(), appends: vec![append] }).await.unwrap();
    assert_refused(page(&registry, 1, "").await, Code::Unavailable, "DIRECTORY_BEHIND");
    assert!(registry.troubles()[0].contains("directory"), "{:?}", registry.troubles());
    // A single resource is read from its own stream.
    let request = GetOrganizationRequest { name: acme.name.clone() };
    let read = registry.organizations().get_organization(request).await.unwrap().into_inner();
    assert_eq!(read.organization, Some(acme));
}
