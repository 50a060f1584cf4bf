use vestibule_rpc::{
    Channel,
    registry::v1::{
        AttestDomainRequest, CreateDomainRequest, CreateOrganizationRequest, Domain, ListDomainsRequest,
        ListOrganizationsRequest, Organization, Placement, SuspendOrganizationRequest,
        domain::State as DomainState,
        domain_service_client::DomainServiceClient,
        organization::State,
        organization_service_client::OrganizationServiceClient,
        placement::{Kind, SharedPool},
    },
};

use super::{SeedError, request_id};
use crate::roster;

const PAGE_SIZE: i32 = 1_000;

/// The organization with its verified domain. Answers its resource name.
pub(super) async fn onboard(
    registry: &Channel,
    organization: &roster::Organization,
    user_pool: &str,
) -> Result<String, SeedError> {
    let mut client = OrganizationServiceClient::new(registry.clone());
    let known = match find(&mut client, organization.slug).await? {
        Some(known) => known,
        None => create(&mut client, organization, user_pool).await?,
    };
    verify_domain(registry, &known.name, organization.domain).await?;
    if organization.suspended && known.state() != State::Suspended {
        let request = SuspendOrganizationRequest {
            name: known.name.clone(),
            note: "to show what people see".to_owned(),
            etag: String::new(),
        };
        client.suspend_organization(request).await.map_err(SeedError::refused("suspend an organization"))?;
    }
    Ok(known.name)
}

async fn find(client: &mut OrganizationServiceClient<Channel>, slug: &str) -> Result<Option<Organization>, SeedError> {
    let mut page_token = String::new();
    loop {
        let request = ListOrganizationsRequest { page_size: PAGE_SIZE, page_token };
        let page = client.list_organizations(request).await.map_err(SeedError::refused("list organizations"))?;
        let page = page.into_inner();
        if let Some(found) = page.organizations.into_iter().find(|known| known.slug == slug) {
            return Ok(Some(found));
        }
        if page.next_page_token.is_empty() {
            return Ok(None);
        }
        page_token = page.next_page_token;
    }
}

async fn create(
    client: &mut OrganizationServiceClient<Channel>,
    organization: &roster::Organization,
    user_pool: &str,
) -> Result<Organization, SeedError> {
    let shared_pool = SharedPool { user_pool: user_pool.to_owned() };
    let request = CreateOrganizationRequest {
        organization: Some(Organization {
            slug: organization.slug.to_owned(),
            external_id: format!("sandbox-{}", organization.slug),
            display_name: organization.display_name.to_owned(),
            tier: organization.tier.to_owned(),
            region: "eu-west-1".to_owned(),
            placement: Some(Placement { kind: Some(Kind::SharedPool(shared_pool)) }),
            ..Organization::default()
        }),
        request_id: request_id(&["organization", organization.slug, user_pool]),
    };
    let answer = client.create_organization(request).await.map_err(SeedError::refused("create an organization"))?;
    answer.into_inner().organization.ok_or(SeedError::Incomplete("the organization"))
}

async fn verify_domain(registry: &Channel, organization: &str, domain_name: &str) -> Result<(), SeedError> {
    let mut client = DomainServiceClient::new(registry.clone());
    let request =
        ListDomainsRequest { parent: organization.to_owned(), page_size: PAGE_SIZE, page_token: String::new() };
    let domains = client.list_domains(request).await.map_err(SeedError::refused("list domains"))?.into_inner().domains;
    let known =
        domains.into_iter().find(|known| known.domain_name == domain_name && known.state() != DomainState::Released);
    let domain = match known {
        Some(known) => known,
        None => claim(&mut client, organization, domain_name).await?,
    };
    if domain.state() == DomainState::Verified {
        return Ok(());
    }
    let request = AttestDomainRequest {
        name: domain.name,
        include_subdomains: false,
        note: "a domain of the sandbox, which nobody can own".to_owned(),
        etag: String::new(),
    };
    client.attest_domain(request).await.map_err(SeedError::refused("attest a domain"))?;
    Ok(())
}

async fn claim(
    client: &mut DomainServiceClient<Channel>,
    organization: &str,
    domain_name: &str,
) -> Result<Domain, SeedError> {
    let request = CreateDomainRequest {
        parent: organization.to_owned(),
        domain: Some(Domain { domain_name: domain_name.to_owned(), ..Domain::default() }),
        request_id: request_id(&["domain", organization, domain_name]),
    };
    let answer = client.create_domain(request).await.map_err(SeedError::refused("claim a domain"))?;
    answer.into_inner().domain.ok_or(SeedError::Incomplete("the domain"))
}
