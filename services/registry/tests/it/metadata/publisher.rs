use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use vestibule_kernel::Timestamp;
use vestibule_registry_service::{Config, MetadataJob};
use vestibule_rpc::registry::v1::{
    Connection, CreateConnectionRequest, GetConnectionRequest, RefreshMetadataRequest, RefreshMetadataResponse,
    SamlIdentityProvider, connection,
};
use vestibule_saml_idp::{IdentityProvider, KeyType, SigningKey};

use crate::registry::{Registry, now};

/// Where an identity provider publishes its metadata.
#[derive(Clone)]
pub(super) struct Publisher(Arc<Published>);

struct Published {
    /// What is published; nothing is an outage.
    document: Mutex<Option<String>>,
    asked: AtomicUsize,
    unmodified: AtomicUsize,
    url: String,
}

impl Publisher {
    pub(super) async fn of(document: impl Into<String>) -> Self {
        Self::at("127.0.0.1", document).await
    }

    /// At another address of this machine, which is another host.
    pub(super) async fn at(host: &str, document: impl Into<String>) -> Self {
        let listener = tokio::net::TcpListener::bind((host, 0)).await.unwrap();
        let published = Arc::new(Published {
            document: Mutex::new(Some(document.into())),
            asked: AtomicUsize::new(0),
            unmodified: AtomicUsize::new(0),
            url: format!("http://{}/metadata", listener.local_addr().unwrap()),
        });
        let app = Router::new().route("/metadata", get(answer)).with_state(Arc::clone(&published));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self(published)
    }

    pub(super) fn publish(&self, document: impl Into<String>) {
        *self.0.document.lock().unwrap() = Some(document.into());
    }

    pub(super) fn break_down(&self) {
        *self.0.document.lock().unwrap() = None;
    }

    pub(super) fn url(&self) -> &str {
        &self.0.url
    }

    pub(super) fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// How often it said that nothing was modified.
    pub(super) fn unmodified(&self) -> usize {
        self.0.unmodified.load(Ordering::SeqCst)
    }
}

async fn answer(State(published): State<Arc<Published>>, headers: HeaderMap) -> Response {
    published.asked.fetch_add(1, Ordering::SeqCst);
    let Some(document) = published.document.lock().unwrap().clone() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let etag =
        format!("\"{:x}\"", document.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())));
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str()) {
        published.unmodified.fetch_add(1, Ordering::SeqCst);
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::ETAG, etag)], document).into_response()
}

/// What an operator sets who has an identity provider on this machine.
pub(super) fn config() -> Config {
    Config { metadata_networks: vec!["127.0.0.0/8".parse().unwrap()], metadata_plain_http: true, ..Config::default() }
}

/// A registry whose organization `acme` exists, and its name.
pub(super) async fn registry() -> (Registry, String) {
    let registry = Registry::start_with(&config()).await;
    let organization = registry.create_organization("acme").await.name;
    (registry, organization)
}

/// A key of the identity provider.
pub(super) fn key(name: &str) -> SigningKey {
    let until = now().plus(std::time::Duration::from_hours(24 * 365));
    SigningKey::generate(KeyType::EcP256, name, Timestamp::EPOCH, until).unwrap()
}

/// The metadata of the identity provider of Acme, with these keys.
pub(super) fn metadata(keys: &[&SigningKey]) -> String {
    at_host("idp.acme.test", keys)
}

pub(super) fn at_host(host: &str, keys: &[&SigningKey]) -> String {
    let (first, others) = keys.split_first().unwrap();
    let idp = IdentityProvider::new("https://idp.acme.test/saml", format!("https://{host}/sso"), (*first).clone());
    others.iter().fold(idp, |idp, key| idp.publishing(key.certificate_der())).metadata_xml()
}

pub(super) fn source(url: &str) -> SamlIdentityProvider {
    SamlIdentityProvider { metadata_url: url.to_owned(), ..SamlIdentityProvider::default() }
}

pub(super) fn connection(saml: SamlIdentityProvider) -> Connection {
    Connection {
        display_name: "Acme".to_owned(),
        identity_provider: Some(connection::IdentityProvider::Saml(saml)),
        ..Connection::default()
    }
}

impl Registry {
    pub(super) async fn connect(
        &self,
        organization: &str,
        saml: SamlIdentityProvider,
    ) -> Result<Connection, tonic::Status> {
        let connection = Some(connection(saml));
        let request =
            CreateConnectionRequest { parent: organization.to_owned(), connection, request_id: String::new() };
        Ok(self.connections().create_connection(request).await?.into_inner().connection.unwrap())
    }

    pub(super) async fn look(&self, name: &str) -> SamlIdentityProvider {
        let request = GetConnectionRequest { name: name.to_owned() };
        let found = self.connections().get_connection(request).await.unwrap().into_inner().connection.unwrap();
        crate::registry::saml_of(&found).clone()
    }

    pub(super) async fn refresh(&self, name: &str) -> RefreshMetadataResponse {
        let request = RefreshMetadataRequest { name: name.to_owned() };
        self.connections().refresh_metadata(request).await.unwrap().into_inner()
    }

    /// The names of what happened to connections, after the first `skipped` of them.
    pub(super) async fn happened(&self, skipped: usize) -> Vec<String> {
        let events = self.events().await;
        let names = events.iter().map(|event| event.name.clone()).filter(|name| name.starts_with("connection."));
        names.skip(skipped).collect()
    }

    pub(super) fn job(&self) -> MetadataJob {
        MetadataJob::new(&self.resources, &config())
    }
}
