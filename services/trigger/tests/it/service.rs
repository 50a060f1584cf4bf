//! An enrichment service that does what a test wants.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};
use tonic_prost::ProstCodec;
use tonic_types::{ErrorDetails, StatusExt};
use vestibule_rpc::enrichment::v1::{
    HandleTriggerRequest, HandleTriggerResponse, enrichment_service_server::SERVICE_NAME,
};

/// What it does with a call.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Puts an organization into the tokens, and other things where the shim must not take them from.
    Answer,
    /// Answers this text.
    Text(&'static str),
    /// Refuses, with this reason where there is one.
    Refuse(Code, Option<&'static str>),
    /// Never answers.
    Hang,
}

/// A call that it got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) event_json: String,
    pub(crate) metadata: tonic::metadata::MetadataMap,
}

/// What its refusals say; nobody outside should read it.
pub(crate) const INTERNAL: &str = "connection pool of eventlog-3 is exhausted";

/// The claims that it adds.
pub(crate) fn enriched() -> Value {
    let section = json!({"claimsToAddOrOverride": {"org_id": "acme"}});
    json!({"claimsAndScopeOverrideDetails": {"idTokenGeneration": section, "accessTokenGeneration": section}})
}

#[derive(Clone, Default)]
pub(crate) struct Enrichment {
    acts: Arc<Mutex<VecDeque<Act>>>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Enrichment {
    /// What it does with the next calls; it answers those after them.
    pub(crate) fn then(&self, acts: impl IntoIterator<Item = Act>) {
        self.acts.lock().unwrap().extend(acts);
    }

    /// The calls since the last time this was asked.
    pub(crate) fn got(&self) -> Vec<Got> {
        std::mem::take(&mut self.got.lock().unwrap())
    }

    /// Starts it without TLS.
    pub(crate) async fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Self::start_on(listener), address)
    }

    /// Starts it without TLS, there.
    pub(crate) fn start_on(listener: TcpListener) -> Self {
        Self::serve(Server::builder(), listener)
    }

    /// Starts it with TLS; answers the authority's certificate, too.
    pub(crate) async fn start_tls() -> (Self, SocketAddr, String) {
        let (authority, identity) = certificates();
        let tls = ServerTlsConfig::new().identity(identity);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Self::serve(Server::builder().tls_config(tls).unwrap(), listener), address, authority)
    }

    fn serve(mut server: Server, listener: TcpListener) -> Self {
        let service = Self::default();
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let routes = server.add_service(service.clone());
        tokio::spawn(async move { routes.serve_with_incoming(incoming).await.unwrap() });
        service
    }
}

impl Enrichment {
    async fn handle_trigger(
        &self,
        request: Request<HandleTriggerRequest>,
    ) -> Result<Response<HandleTriggerResponse>, Status> {
        let metadata = request.metadata().clone();
        let event_json = request.into_inner().event_json;
        self.got.lock().unwrap().push(Got { event_json: event_json.clone(), metadata });
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Answer);
        let event_json = match act {
            Act::Answer => answered(&event_json),
            Act::Text(text) => text.to_owned(),
            Act::Hang => pending().await,
            Act::Refuse(code, Some(reason)) => {
                let details =
                    ErrorDetails::with_error_info(reason, "enrichment.vestibule", [] as [(String, String); 0]);
                return Err(Status::with_error_details(code, INTERNAL, details));
            }
            Act::Refuse(code, None) => return Err(Status::new(code, INTERNAL)),
        };
        Ok(Response::new(HandleTriggerResponse { event_json }))
    }
}

/// The certificate of an authority, and a server's that it has signed for `localhost`.
pub(crate) fn certificates() -> (String, Identity) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (authority_pem, Identity::from_pem(certificate.pem(), key.serialize_pem()))
}

/// Not by the generated trait, which grows with every method that this service does not need.
impl NamedService for Enrichment {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for Enrichment {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        assert_eq!(request.uri().path(), "/vestibule.enrichment.v1.EnrichmentService/HandleTrigger");
        let handler = HandleTrigger(self.clone());
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(handler, request).await) })
    }
}

struct HandleTrigger(Enrichment);

impl UnaryService<HandleTriggerRequest> for HandleTrigger {
    type Response = HandleTriggerResponse;
    type Future = BoxFuture<Response<HandleTriggerResponse>, Status>;

    fn call(&mut self, request: Request<HandleTriggerRequest>) -> Self::Future {
        let service = self.0.clone();
        Box::pin(async move { service.handle_trigger(request).await })
    }
}

fn answered(event_json: &str) -> String {
    let mut event: Value = serde_json::from_str(event_json).unwrap();
    event["response"] = enriched();
    event["userName"] = json!("somebody-else");
    event["request"]["userAttributes"] = json!({"sub": "somebody-else"});
    event.to_string()
}
