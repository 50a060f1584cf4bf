use std::mem;

use tonic::{Request, Response, Status};
use vestibule_rpc::{
    registry::v1::{
        CreateOrganizationRequest, CreateOrganizationResponse, GetOrganizationRequest, GetOrganizationResponse,
        ListOrganizationsRequest, ListOrganizationsResponse, ReinstateOrganizationRequest,
        ReinstateOrganizationResponse, SuspendOrganizationRequest, SuspendOrganizationResponse,
        UpdateOrganizationRequest, UpdateOrganizationResponse, organization_service_server::OrganizationService,
    },
    resource,
};

use super::{Api, change, origin, refused};
use crate::{
    convert::note,
    convert::organization::{message, missing, new, update},
    listing::Listing,
};

#[tonic::async_trait]
impl OrganizationService for Api {
    #[tracing::instrument(name = "registry.get_organization", skip_all)]
    async fn get_organization(
        &self,
        request: Request<GetOrganizationRequest>,
    ) -> Result<Response<GetOrganizationResponse>, Status> {
        let id = resource::organization("name", &request.get_ref().name).map_err(refused)?;
        let organization = self.registry.organization(id).await.map_err(refused)?;
        Ok(Response::new(GetOrganizationResponse { organization: Some(message(&organization)) }))
    }

    #[tracing::instrument(name = "registry.list_organizations", skip_all)]
    async fn list_organizations(
        &self,
        request: Request<ListOrganizationsRequest>,
    ) -> Result<Response<ListOrganizationsResponse>, Status> {
        let ListOrganizationsRequest { page_size, page_token } = request.get_ref();
        let listing = Listing::read("organizations", *page_size, page_token).map_err(refused)?;
        let listed = self.registry.organizations(&listing).await.map_err(refused)?;
        Ok(Response::new(ListOrganizationsResponse {
            organizations: listed.resources.iter().map(message).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    #[tracing::instrument(name = "registry.create_organization", skip_all)]
    async fn create_organization(
        &self,
        request: Request<CreateOrganizationRequest>,
    ) -> Result<Response<CreateOrganizationResponse>, Status> {
        let new = new(request.get_ref().organization.as_ref()).map_err(refused)?;
        let origin = origin(&request, "CreateOrganization", |content| mem::take(&mut content.request_id));
        let organization = self.registry.create_organization(origin.map_err(refused)?, new).await.map_err(refused)?;
        Ok(Response::new(CreateOrganizationResponse { organization: Some(message(&organization)) }))
    }

    #[tracing::instrument(name = "registry.update_organization", skip_all)]
    async fn update_organization(
        &self,
        request: Request<UpdateOrganizationRequest>,
    ) -> Result<Response<UpdateOrganizationResponse>, Status> {
        let UpdateOrganizationRequest { organization, update_mask } = request.get_ref();
        let wanted = organization.as_ref().ok_or_else(|| refused(missing("organization")))?;
        let id = resource::organization("organization.name", &wanted.name).map_err(refused)?;
        let change = change(&request, "organization.etag", &wanted.etag)?;
        let update = update(wanted, update_mask.as_ref()).map_err(refused)?;
        let organization = self.registry.update_organization(id, change, update).await.map_err(refused)?;
        Ok(Response::new(UpdateOrganizationResponse { organization: Some(message(&organization)) }))
    }

    #[tracing::instrument(name = "registry.suspend_organization", skip_all)]
    async fn suspend_organization(
        &self,
        request: Request<SuspendOrganizationRequest>,
    ) -> Result<Response<SuspendOrganizationResponse>, Status> {
        let SuspendOrganizationRequest { name, etag, note: text } = request.get_ref();
        let id = resource::organization("name", name).map_err(refused)?;
        let (change, note) = (change(&request, "etag", etag)?, note(text).map_err(refused)?);
        let organization = self.registry.suspend_organization(id, change, note).await.map_err(refused)?;
        Ok(Response::new(SuspendOrganizationResponse { organization: Some(message(&organization)) }))
    }

    #[tracing::instrument(name = "registry.reinstate_organization", skip_all)]
    async fn reinstate_organization(
        &self,
        request: Request<ReinstateOrganizationRequest>,
    ) -> Result<Response<ReinstateOrganizationResponse>, Status> {
        let ReinstateOrganizationRequest { name, etag } = request.get_ref();
        let id = resource::organization("name", name).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        let organization = self.registry.reinstate_organization(id, change).await.map_err(refused)?;
        Ok(Response::new(ReinstateOrganizationResponse { organization: Some(message(&organization)) }))
    }
}
