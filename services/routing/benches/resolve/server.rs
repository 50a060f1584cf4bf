//! The two servers, each on a loopback port of its own.

use std::{net::Ipv4Addr, sync::Arc};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status,
    service::Routes,
    transport::{Endpoint, Server, server::TcpIncoming},
};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_host::Resources;
use vestibule_kernel::{SecretBox, SystemClock, SystemIds};
use vestibule_routing_service::{Config, Directory, start_with};
use vestibule_rpc::routing::v1::{
    CreateTicketRequest, CreateTicketResponse, ResolveSignInRequest, ResolveSignInResponse,
    routing_service_server::{RoutingService, RoutingServiceServer},
};
use vestibule_storage::MasterKey;

use crate::Client;

/// Routing itself, over a log that adds nothing to what `directory` knows.
pub(crate) async fn routing(directory: Directory) -> Client {
    let store = SqliteStore::temporary().await.unwrap();
    let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
    let public_url = "https://login.vestibule.example".parse().unwrap();
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let resources = Resources::over(store, master, public_url, clock, ids, CancellationToken::new());
    let service = start_with(&resources, &Config::default(), directory).await.unwrap();
    serve(service.grpc).await
}

/// Nothing but tonic: answers every request with `answer`.
pub(crate) async fn bare(answer: ResolveSignInResponse) -> Client {
    serve(Routes::new(RoutingServiceServer::new(Bare(answer)))).await
}

async fn serve(routes: Routes) -> Client {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().add_routes(routes.prepare());
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap().tcp_nodelay(true);
    Client::new(endpoint.connect().await.unwrap())
}

struct Bare(ResolveSignInResponse);

#[tonic::async_trait]
impl RoutingService for Bare {
    async fn resolve_sign_in(
        &self,
        _: Request<ResolveSignInRequest>,
    ) -> Result<Response<ResolveSignInResponse>, Status> {
        Ok(Response::new(self.0.clone()))
    }

    async fn create_ticket(&self, _: Request<CreateTicketRequest>) -> Result<Response<CreateTicketResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }
}
