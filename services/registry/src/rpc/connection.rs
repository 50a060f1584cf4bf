use std::mem;

use tonic::{Request, Response, Status};
use vestibule_rpc::{
    registry::v1::Connection as Message,
    registry::v1::{
        ApproveMetadataChangeRequest, ApproveMetadataChangeResponse, CreateConnectionRequest, CreateConnectionResponse,
        DeclineMetadataChangeRequest, DeclineMetadataChangeResponse, DisableConnectionRequest,
        DisableConnectionResponse, EnableConnectionRequest, EnableConnectionResponse, GetConnectionRequest,
        GetConnectionResponse, ListConnectionsRequest, ListConnectionsResponse, NoticeUnknownCertificateRequest,
        NoticeUnknownCertificateResponse, RefreshMetadataRequest, RefreshMetadataResponse, ReplaceConnectionRequest,
        ReplaceConnectionResponse, UpdateConnectionRequest, UpdateConnectionResponse,
        connection_service_server::ConnectionService,
    },
    resource,
};
use vestibule_tenancy::connection::Connection;

use super::{Api, change, origin, refused};
use crate::{
    app::Decision,
    convert::{
        connection::{configure, message, new},
        metadata::{refresh_outcome, with_status},
        note,
        onboarding::{override_note, replace},
        organization::missing,
    },
    listing::Listing,
    resource::Resource,
};

impl Api {
    fn connection_message(&self, connection: &Resource<Connection>) -> Message {
        message(self.registry.public_url(), connection, self.registry.now())
    }

    /// With how reading its metadata goes.
    async fn whole_message(&self, connection: &Resource<Connection>) -> Result<Message, Status> {
        let entry = self.registry.metadata_entry(&connection.state).await.map_err(refused)?;
        Ok(with_status(self.connection_message(connection), entry))
    }

    async fn settle<T: Sync>(
        &self,
        request: &Request<T>,
        name: &str,
        of: &str,
        decision: Decision,
    ) -> Result<Message, Status> {
        let id = resource::connection("name", name).map_err(refused)?;
        let change = change(request, "etag", "")?;
        let connection = self.registry.settle_metadata_change(id, change, of, decision).await.map_err(refused)?;
        self.whole_message(&connection).await
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
        Ok(Response::new(GetConnectionResponse { connection: Some(self.whole_message(&connection).await?) }))
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
        Ok(Response::new(CreateConnectionResponse { connection: Some(self.whole_message(&connection).await?) }))
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
        Ok(Response::new(UpdateConnectionResponse { connection: Some(self.whole_message(&connection).await?) }))
    }

    #[tracing::instrument(name = "registry.enable_connection", skip_all)]
    async fn enable_connection(
        &self,
        request: Request<EnableConnectionRequest>,
    ) -> Result<Response<EnableConnectionResponse>, Status> {
        let EnableConnectionRequest { name, etag, override_note: text } = request.get_ref();
        let id = resource::connection("name", name).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        let override_note = override_note(text).map_err(refused)?;
        let connection = self.registry.enable_connection(id, change, override_note).await.map_err(refused)?;
        Ok(Response::new(EnableConnectionResponse { connection: Some(self.connection_message(&connection)) }))
    }

    #[tracing::instrument(name = "registry.replace_connection", skip_all)]
    async fn replace_connection(
        &self,
        request: Request<ReplaceConnectionRequest>,
    ) -> Result<Response<ReplaceConnectionResponse>, Status> {
        let asked = request.get_ref();
        let id = resource::connection("name", &asked.name).map_err(refused)?;
        let change = change(&request, "etag", &asked.etag)?;
        let replace = replace(asked).map_err(refused)?;
        let (old, new) = self.registry.replace_connection(id, change, replace).await.map_err(refused)?;
        let (connection, replacement) = (Some(self.connection_message(&old)), Some(self.connection_message(&new)));
        Ok(Response::new(ReplaceConnectionResponse { connection, replacement }))
    }

    #[tracing::instrument(name = "registry.disable_connection", skip_all)]
    async fn disable_connection(
        &self,
        request: Request<DisableConnectionRequest>,
    ) -> Result<Response<DisableConnectionResponse>, Status> {
        let DisableConnectionRequest { name, etag, note: text, leave_without_sign_in } = request.get_ref();
        let id = resource::connection("name", name).map_err(refused)?;
        let (change, note) = (change(&request, "etag", etag)?, note(text).map_err(refused)?);
        let disabled = self.registry.disable_connection(id, change, note, *leave_without_sign_in).await;
        let connection = disabled.map_err(refused)?;
        Ok(Response::new(DisableConnectionResponse { connection: Some(self.connection_message(&connection)) }))
    }

    #[tracing::instrument(name = "registry.refresh_metadata", skip_all)]
    async fn refresh_metadata(
        &self,
        request: Request<RefreshMetadataRequest>,
    ) -> Result<Response<RefreshMetadataResponse>, Status> {
        let id = resource::connection("name", &request.get_ref().name).map_err(refused)?;
        let change = change(&request, "etag", "")?;
        let (connection, outcome) = self.registry.refresh_metadata(id, change).await.map_err(refused)?;
        let message = self.whole_message(&connection).await?;
        let outcome = refresh_outcome(outcome).into();
        Ok(Response::new(RefreshMetadataResponse { connection: Some(message), outcome }))
    }

    #[tracing::instrument(name = "registry.approve_metadata_change", skip_all)]
    async fn approve_metadata_change(
        &self,
        request: Request<ApproveMetadataChangeRequest>,
    ) -> Result<Response<ApproveMetadataChangeResponse>, Status> {
        let ApproveMetadataChangeRequest { name, change } = request.get_ref();
        let connection = self.settle(&request, name, change, Decision::Approve).await?;
        Ok(Response::new(ApproveMetadataChangeResponse { connection: Some(connection) }))
    }

    #[tracing::instrument(name = "registry.decline_metadata_change", skip_all)]
    async fn decline_metadata_change(
        &self,
        request: Request<DeclineMetadataChangeRequest>,
    ) -> Result<Response<DeclineMetadataChangeResponse>, Status> {
        let DeclineMetadataChangeRequest { name, change } = request.get_ref();
        let connection = self.settle(&request, name, change, Decision::Decline).await?;
        Ok(Response::new(DeclineMetadataChangeResponse { connection: Some(connection) }))
    }

    #[tracing::instrument(name = "registry.notice_unknown_certificate", skip_all)]
    async fn notice_unknown_certificate(
        &self,
        request: Request<NoticeUnknownCertificateRequest>,
    ) -> Result<Response<NoticeUnknownCertificateResponse>, Status> {
        let id = resource::connection("name", &request.get_ref().name).map_err(refused)?;
        self.registry.notice_unknown_certificate(id);
        Ok(Response::new(NoticeUnknownCertificateResponse {}))
    }
}
