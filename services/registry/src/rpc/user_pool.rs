use std::mem;

use tonic::{Request, Response, Status};
use vestibule_rpc::{
    registry::v1::{
        AddClientSecretRequest, AddClientSecretResponse, CreateUserPoolRequest, CreateUserPoolResponse,
        GetUserPoolRequest, GetUserPoolResponse, ListUserPoolsRequest, ListUserPoolsResponse,
        RetireClientSecretRequest, RetireClientSecretResponse, UpdateUserPoolRequest, UpdateUserPoolResponse,
        user_pool_service_server::UserPoolService,
    },
    resource,
};

use super::{Api, change, origin, refused};
use crate::{
    app::WithSecret,
    convert::{
        organization::missing,
        user_pool::{message, new, update},
    },
    listing::Listing,
    secret::ClientSecret,
};

#[tonic::async_trait]
impl UserPoolService for Api {
    #[tracing::instrument(name = "registry.get_user_pool", skip_all)]
    async fn get_user_pool(
        &self,
        request: Request<GetUserPoolRequest>,
    ) -> Result<Response<GetUserPoolResponse>, Status> {
        let id = resource::user_pool("name", &request.get_ref().name).map_err(refused)?;
        let user_pool = self.registry.user_pool(id).await.map_err(refused)?;
        Ok(Response::new(GetUserPoolResponse { user_pool: Some(message(&user_pool)) }))
    }

    #[tracing::instrument(name = "registry.list_user_pools", skip_all)]
    async fn list_user_pools(
        &self,
        request: Request<ListUserPoolsRequest>,
    ) -> Result<Response<ListUserPoolsResponse>, Status> {
        let ListUserPoolsRequest { page_size, page_token } = request.get_ref();
        let listing = Listing::read("userPools", *page_size, page_token).map_err(refused)?;
        let listed = self.registry.user_pools(&listing).await.map_err(refused)?;
        Ok(Response::new(ListUserPoolsResponse {
            user_pools: listed.resources.iter().map(message).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    #[tracing::instrument(name = "registry.create_user_pool", skip_all)]
    async fn create_user_pool(
        &self,
        request: Request<CreateUserPoolRequest>,
    ) -> Result<Response<CreateUserPoolResponse>, Status> {
        let new = new(request.get_ref().user_pool.as_ref()).map_err(refused)?;
        let origin = origin(&request, "CreateUserPool", |content| mem::take(&mut content.request_id));
        let created = self.registry.create_user_pool(origin.map_err(refused)?, new).await.map_err(refused)?;
        let WithSecret { user_pool, secret } = created;
        let client_secret = secret.map_or_else(String::new, ClientSecret::reveal);
        Ok(Response::new(CreateUserPoolResponse { user_pool: Some(message(&user_pool)), client_secret }))
    }

    #[tracing::instrument(name = "registry.update_user_pool", skip_all)]
    async fn update_user_pool(
        &self,
        request: Request<UpdateUserPoolRequest>,
    ) -> Result<Response<UpdateUserPoolResponse>, Status> {
        let UpdateUserPoolRequest { user_pool, update_mask } = request.get_ref();
        let wanted = user_pool.as_ref().ok_or_else(|| refused(missing("user_pool")))?;
        let id = resource::user_pool("user_pool.name", &wanted.name).map_err(refused)?;
        let change = change(&request, "user_pool.etag", &wanted.etag)?;
        let update = update(wanted, update_mask.as_ref()).map_err(refused)?;
        let user_pool = self.registry.update_user_pool(id, change, update).await.map_err(refused)?;
        Ok(Response::new(UpdateUserPoolResponse { user_pool: Some(message(&user_pool)) }))
    }

    #[tracing::instrument(name = "registry.add_client_secret", skip_all)]
    async fn add_client_secret(
        &self,
        request: Request<AddClientSecretRequest>,
    ) -> Result<Response<AddClientSecretResponse>, Status> {
        let AddClientSecretRequest { name, etag } = request.get_ref();
        let id = resource::user_pool("name", name).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        let WithSecret { user_pool, secret } = self.registry.add_client_secret(id, change).await.map_err(refused)?;
        let client_secret = secret.map_or_else(String::new, ClientSecret::reveal);
        Ok(Response::new(AddClientSecretResponse { user_pool: Some(message(&user_pool)), client_secret }))
    }

    #[tracing::instrument(name = "registry.retire_client_secret", skip_all)]
    async fn retire_client_secret(
        &self,
        request: Request<RetireClientSecretRequest>,
    ) -> Result<Response<RetireClientSecretResponse>, Status> {
        let RetireClientSecretRequest { name, secret_id, etag } = request.get_ref();
        let id = resource::user_pool("name", name).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        let retired = self.registry.retire_client_secret(id, change, secret_id.clone()).await;
        Ok(Response::new(RetireClientSecretResponse { user_pool: Some(message(&retired.map_err(refused)?)) }))
    }
}
