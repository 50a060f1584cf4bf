//! The two servers, each on a loopback port of its own.

use std::{net::Ipv4Addr, sync::Arc};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status,
    service::Routes,
    transport::{Endpoint, Server, server::TcpIncoming},
};
use vestibule_enrichment_service::{Config, People, start_with};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_host::Resources;
use vestibule_kernel::{SecretBox, SystemClock, SystemIds};
use vestibule_rpc::enrichment::v1::{
    HandleTriggerRequest, HandleTriggerResponse, PreviewClaimsRequest, PreviewClaimsResponse, VerifyTokenRequest,
    VerifyTokenResponse,
    enrichment_service_server::{EnrichmentService, EnrichmentServiceServer},
};
use vestibule_storage::MasterKey;

use crate::Client;

/// Enrichment itself, over a log that adds nothing to what `people` knows.
pub(crate) async fn enrichment(people: People) -> Client {
    let store = SqliteStore::temporary().await.unwrap();
    let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
    let public_url = "https://login.vestibule.example".parse().unwrap();
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let resources = Resources::over(store, master, public_url, clock, ids, CancellationToken::new());
    let service = start_with(&resources, &Config::default(), people).await.unwrap();
    serve(service.grpc).await
}

/// Nothing but tonic: answers every event with `answer`.
pub(crate) async fn bare(answer: HandleTriggerResponse) -> Client {
    serve(Routes::new(EnrichmentServiceServer::new(Bare(answer)))).await
}

async fn serve(routes: Routes) -> Client {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().add_routes(routes.prepare());
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap().tcp_nodelay(true);
    Client::new(endpoint.connect().await.unwrap())
}

struct Bare(HandleTriggerResponse);

#[tonic::async_trait]
impl EnrichmentService for Bare {
    async fn handle_trigger(
        &self,
        _: Request<HandleTriggerRequest>,
    ) -> Result<Response<HandleTriggerResponse>, Status> {
        Ok(Response::new(self.0.clone()))
    }

    async fn preview_claims(
        &self,
        _: Request<PreviewClaimsRequest>,
    ) -> Result<Response<PreviewClaimsResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn verify_token(&self, _: Request<VerifyTokenRequest>) -> Result<Response<VerifyTokenResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }
}
