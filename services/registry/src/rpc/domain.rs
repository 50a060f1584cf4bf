use std::mem;

use tonic::{Request, Response, Status};
use vestibule_rpc::{
    registry::v1::{
        AttestDomainRequest, AttestDomainResponse, CreateDomainRequest, CreateDomainResponse, DeleteDomainRequest,
        DeleteDomainResponse, GetDomainRequest, GetDomainResponse, ListDomainsRequest, ListDomainsResponse,
        MoveDomainRequest, MoveDomainResponse, domain_service_server::DomainService,
    },
    resource,
};

use super::{Api, change, origin, refused};
use crate::{
    app::Move,
    convert::{
        domain::{message, new},
        required_note,
    },
    listing::Listing,
};

#[tonic::async_trait]
impl DomainService for Api {
    #[tracing::instrument(name = "registry.get_domain", skip_all)]
    async fn get_domain(&self, request: Request<GetDomainRequest>) -> Result<Response<GetDomainResponse>, Status> {
        let id = resource::domain("name", &request.get_ref().name).map_err(refused)?;
        let domain = self.registry.domain(id).await.map_err(refused)?;
        Ok(Response::new(GetDomainResponse { domain: Some(message(&domain)) }))
    }

    #[tracing::instrument(name = "registry.list_domains", skip_all)]
    async fn list_domains(
        &self,
        request: Request<ListDomainsRequest>,
    ) -> Result<Response<ListDomainsResponse>, Status> {
        let ListDomainsRequest { parent, page_size, page_token } = request.get_ref();
        let organization = resource::organization("parent", parent).map_err(refused)?;
        let listing = Listing::read(&format!("{parent}/domains"), *page_size, page_token).map_err(refused)?;
        let listed = self.registry.domains(organization, &listing).await.map_err(refused)?;
        Ok(Response::new(ListDomainsResponse {
            domains: listed.resources.iter().map(message).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    #[tracing::instrument(name = "registry.create_domain", skip_all)]
    async fn create_domain(
        &self,
        request: Request<CreateDomainRequest>,
    ) -> Result<Response<CreateDomainResponse>, Status> {
        let CreateDomainRequest { parent, domain, .. } = request.get_ref();
        let organization = resource::organization("parent", parent).map_err(refused)?;
        let new = new(organization, domain.as_ref()).map_err(refused)?;
        let origin = origin(&request, "CreateDomain", |content| mem::take(&mut content.request_id));
        let domain = self.registry.create_domain(origin.map_err(refused)?, new).await.map_err(refused)?;
        Ok(Response::new(CreateDomainResponse { domain: Some(message(&domain)) }))
    }

    #[tracing::instrument(name = "registry.attest_domain", skip_all)]
    async fn attest_domain(
        &self,
        request: Request<AttestDomainRequest>,
    ) -> Result<Response<AttestDomainResponse>, Status> {
        let AttestDomainRequest { name, include_subdomains, note, etag } = request.get_ref();
        let id = resource::domain("name", name).map_err(refused)?;
        let (change, note) = (change(&request, "etag", etag)?, required_note(note).map_err(refused)?);
        let attested = self.registry.attest_domain(id, change, *include_subdomains, note).await;
        Ok(Response::new(AttestDomainResponse { domain: Some(message(&attested.map_err(refused)?)) }))
    }

    #[tracing::instrument(name = "registry.move_domain", skip_all)]
    async fn move_domain(&self, request: Request<MoveDomainRequest>) -> Result<Response<MoveDomainResponse>, Status> {
        let MoveDomainRequest { name, destination, note, etag, leave_without_sign_in } = request.get_ref();
        let id = resource::domain("name", name).map_err(refused)?;
        let destination = resource::organization("destination", destination).map_err(refused)?;
        let (change, note) = (change(&request, "etag", etag)?, required_note(note).map_err(refused)?);
        let wanted = Move { destination, note, leave_without_sign_in: *leave_without_sign_in };
        let domain = self.registry.move_domain(id, change, wanted).await.map_err(refused)?;
        Ok(Response::new(MoveDomainResponse { domain: Some(message(&domain)) }))
    }

    #[tracing::instrument(name = "registry.delete_domain", skip_all)]
    async fn delete_domain(
        &self,
        request: Request<DeleteDomainRequest>,
    ) -> Result<Response<DeleteDomainResponse>, Status> {
        let DeleteDomainRequest { name, etag } = request.get_ref();
        let id = resource::domain("name", name).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        self.registry.release_domain(id, change).await.map_err(refused)?;
        Ok(Response::new(DeleteDomainResponse {}))
    }
}
