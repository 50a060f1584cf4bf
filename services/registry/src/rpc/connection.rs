use std::mem;

use tonic::{Request, Response, Status};
use vestibule_rpc::{
    registry::v1::Connection as Message,
    registry::v1::{
        CreateConnectionRequest, CreateConnectionResponse, DisableConnectionRequest, DisableConnectionResponse,
        EnableConnectionRequest, EnableConnectionResponse, GetConnectionRequest, GetConnectionResponse,
        ListConnectionsRequest, ListConnectionsResponse, UpdateConnectionRequest, UpdateConnectionResponse,
        connection_service_server::ConnectionService,
    },
    resource,
};
use vestibule_tenancy::connection::Connection;

use super::{Api, change, origin, refused};
use crate::{
    convert::{
        connection::{configure, message, new},
        note,
        organization::missing,
    },
    listing::Listing,
    resource::Resource,
};

impl Api {
    fn connection_message(&self, connection: &Resource<Connection>) -> Message {
        message(self.registry.public_url(), connection, self.registry.now())
    }
}

#[tonic::async_trait]
impl ConnectionService for Api {
    #[tracing::instrument(name = "registry.get_connection", skip_all)]
    async fn get_connection(
        &self,
        request: Request<GetConnectionRequest>,
    ) -> Result<Response<GetConnectionResponse>, Status> {
        let id = resource::connection("name", &request.get_ref().name).map_err(refused)?;
        let connection = self.registry.connection(id).await.map_err(refused)?;
        Ok(Response::new(GetConnectionResponse { connection: Some(self.connection_message(&connection)) }))
    }

    #[tracing::instrument(name = "registry.list_connections", skip_all)]
    async fn list_connections(
        &self,
        request: Request<ListConnectionsRequest>,
    ) -> Result<Response<ListConnectionsResponse>, Status> {
        let ListConnectionsRequest { parent, page_size, page_token } = request.get_ref();
        let organization = resource::organization("parent", parent).map_err(refused)?;
        let listing = Listing::read(&format!("{parent}/connections"), *page_size, page_token).map_err(refused)?;
        let listed = self.registry.connections(organization, &listing).await.map_err(refused)?;
        Ok(Response::new(ListConnectionsResponse {
            connections: listed.resources.iter().map(|connection| self.connection_message(connection)).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    #[tracing::instrument(name = "registry.create_connection", skip_all)]
    async fn create_connection(
        &self,
        request: Request<CreateConnectionRequest>,
    ) -> Result<Response<CreateConnectionResponse>, Status> {
        let CreateConnectionRequest { parent, connection, .. } = request.get_ref();
        let organization = resource::organization("parent", parent).map_err(refused)?;
        let new = new(organization, connection.as_ref()).map_err(refused)?;
        let origin = origin(&request, "CreateConnection", |content| mem::take(&mut content.request_id));
        let connection = self.registry.create_connection(origin.map_err(refused)?, new).await.map_err(refused)?;
        Ok(Response::new(CreateConnectionResponse { connection: Some(self.connection_message(&connection)) }))
    }

    #[tracing::instrument(name = "registry.update_connection", skip_all)]
    async fn update_connection(
        &self,
        request: Request<UpdateConnectionRequest>,
    ) -> Result<Response<UpdateConnectionResponse>, Status> {
        let UpdateConnectionRequest { connection, update_mask } = request.get_ref();
        let wanted = connection.as_ref().ok_or_else(|| refused(missing("connection")))?;
        let id = resource::connection("connection.name", &wanted.name).map_err(refused)?;
        let change = change(&request, "connection.etag", &wanted.etag)?;
        let configure = configure(wanted, update_mask.as_ref()).map_err(refused)?;
        let connection = self.registry.configure_connection(id, change, configure).await.map_err(refused)?;
        Ok(Response::new(UpdateConnectionResponse { connection: Some(self.connection_message(&connection)) }))
    }

    #[tracing::instrument(name = "registry.enable_connection", skip_all)]
    async fn enable_connection(
        &self,
        request: Request<EnableConnectionRequest>,
    ) -> Result<Response<EnableConnectionResponse>, Status> {
        let EnableConnectionRequest { name, etag, override_note: _ } = request.get_ref();
        let id = resource::connection("name", name).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        let connection = self.registry.enable_connection(id, change).await.map_err(refused)?;
        Ok(Response::new(EnableConnectionResponse { connection: Some(self.connection_message(&connection)) }))
    }

    #[tracing::instrument(name = "registry.disable_connection", skip_all)]
    async fn disable_connection(
        &self,
        request: Request<DisableConnectionRequest>,
    ) -> Result<Response<DisableConnectionResponse>, Status> {
        let DisableConnectionRequest { name, etag, note: text } = request.get_ref();
        let id = resource::connection("name", name).map_err(refused)?;
        let (change, note) = (change(&request, "etag", etag)?, note(text).map_err(refused)?);
        let connection = self.registry.disable_connection(id, change, note).await.map_err(refused)?;
        Ok(Response::new(DisableConnectionResponse { connection: Some(self.connection_message(&connection)) }))
    }
}
