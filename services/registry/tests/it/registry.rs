use std::{path::Path, sync::Arc};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, service::Routes};
use vestibule_eventlog::{Cursor, EventLog, Filter, Recorded};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_host::{Readiness, Resources, Service};
use vestibule_kernel::{ManualClock, SecretBox, SeededIds, Timestamp};
use vestibule_registry_service::Config;
use vestibule_rpc::{
    Caller, Channel, field_violations, memory, reason_of,
    registry::v1::{
        Connection, CreateConnectionRequest, CreateDomainRequest, CreateOrganizationRequest, CreateUserPoolRequest,
        Domain, Organization, Placement, SamlIdentityProvider, UserPool, connection,
        connection_service_client::ConnectionServiceClient, domain_service_client::DomainServiceClient,
        organization_service_client::OrganizationServiceClient, person_service_client::PersonServiceClient, placement,
        user_pool_service_client::UserPoolServiceClient,
    },
};
use vestibule_saml_idp::{IdentityProvider, KeyType, SigningKey};
use vestibule_storage::{KeyStore, MasterKey};

/// A registry of its own for each test.
pub(crate) struct Registry {
    pub(crate) channel: Channel,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) log: EventLog,
    pub(crate) keys: KeyStore,
    pub(crate) resources: Resources,
    routes: Routes,
    directory: TempDir,
    readiness: Vec<Readiness>,
    stop: CancellationToken,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Registry {
    pub(crate) async fn start() -> Self {
        Self::start_with(&Config::default()).await
    }

    pub(crate) async fn start_with(config: &Config) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("vestibule.db"), "test").await.unwrap();
        let clock = Arc::new(ManualClock::at(now()));
        let stop = CancellationToken::new();
        let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
        let public_url = "https://login.vestibule.test".parse().unwrap();
        let ids = Arc::new(SeededIds::new(1));
        let resources = Resources::over(store, master, public_url, clock.clone(), ids, stop.clone());
        let service = vestibule_registry_service::start(&resources, config).await.unwrap();
        let (channel, routes, readiness) = (memory::serve(service.grpc.clone()), service.grpc, service.readiness);
        let (log, keys) = (resources.log.clone(), resources.keys.clone());
        Self { channel, clock, log, keys, resources, routes, directory, readiness, stop }
    }

    /// Ends everything that the registry does by itself, as the end of its process would.
    pub(crate) fn end(&self) {
        self.stop.cancel();
    }

    /// What keeps the registry from being ready.
    pub(crate) fn troubles(&self) -> Vec<String> {
        Service::troubles(&self.readiness)
    }

    pub(crate) fn store_directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn organizations(&self) -> OrganizationServiceClient<Channel> {
        OrganizationServiceClient::new(self.channel.clone())
    }

    pub(crate) fn domains(&self) -> DomainServiceClient<Channel> {
        DomainServiceClient::new(self.channel.clone())
    }

    pub(crate) fn connections(&self) -> ConnectionServiceClient<Channel> {
        ConnectionServiceClient::new(self.channel.clone())
    }

    pub(crate) fn persons(&self) -> PersonServiceClient<Channel> {
        self.persons_as("operator")
    }

    /// The service as it is for callers that authentication knows by this name.
    pub(crate) fn persons_as(&self, actor: &str) -> PersonServiceClient<Channel> {
        let caller = axum::Extension(Caller { actor: actor.to_owned() });
        let router = self.routes.clone().into_axum_router().layer(caller);
        PersonServiceClient::new(memory::serve(Routes::from(router)))
    }

    pub(crate) fn user_pools(&self) -> UserPoolServiceClient<Channel> {
        UserPoolServiceClient::new(self.channel.clone())
    }

    /// The names of all events, oldest first.
    pub(crate) async fn events(&self) -> Vec<Recorded> {
        let start: Cursor = self.log.start();
        self.log.read_all(start, &Filter::default(), 1_000).await.unwrap().events
    }

    pub(crate) async fn create_pool(&self, pool_id: &str) -> (UserPool, String) {
        let request = CreateUserPoolRequest { user_pool: Some(pool(pool_id)), request_id: String::new() };
        let created = self.user_pools().create_user_pool(request).await.unwrap().into_inner();
        (created.user_pool.unwrap(), created.client_secret)
    }

    /// An organization in a pool of its own.
    pub(crate) async fn create_organization(&self, slug: &str) -> Organization {
        let (pool, _) = self.create_pool(&format!("eu-west-1_{}", slug.replace('-', "0"))).await;
        self.create_organization_in(&pool.name, slug).await.unwrap()
    }

    pub(crate) async fn create_organization_in(&self, pool: &str, slug: &str) -> Result<Organization, Status> {
        let organization = Some(organization(slug, pool));
        let request = CreateOrganizationRequest { organization, request_id: String::new() };
        let created = self.organizations().create_organization(request).await?;
        Ok(created.into_inner().organization.unwrap())
    }

    pub(crate) async fn create_domain(&self, organization: &str, name: &str) -> Result<Domain, Status> {
        let domain = Some(Domain { domain_name: name.to_owned(), ..Domain::default() });
        let request = CreateDomainRequest { parent: organization.to_owned(), domain, request_id: String::new() };
        Ok(self.domains().create_domain(request).await?.into_inner().domain.unwrap())
    }

    pub(crate) async fn create_connection(&self, organization: &str, metadata: &str) -> Result<Connection, Status> {
        let connection = Some(saml_connection("Acme Entra ID", metadata));
        let request =
            CreateConnectionRequest { parent: organization.to_owned(), connection, request_id: String::new() };
        Ok(self.connections().create_connection(request).await?.into_inner().connection.unwrap())
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub(crate) fn pool(pool_id: &str) -> UserPool {
    UserPool {
        region: "eu-west-1".to_owned(),
        pool_id: pool_id.to_owned(),
        domains: vec!["login.acme.example".to_owned(), "acme.auth.eu-west-1.amazoncognito.com".to_owned()],
        app_client_id: "1h57kf5cpq17m0eml12EXAMPLE".to_owned(),
        ..UserPool::default()
    }
}

pub(crate) fn organization(slug: &str, pool: &str) -> Organization {
    Organization {
        slug: slug.to_owned(),
        display_name: format!("The {slug} company"),
        tier: "enterprise".to_owned(),
        region: "eu-west-1".to_owned(),
        placement: Some(shared_pool(pool)),
        ..Organization::default()
    }
}

pub(crate) fn shared_pool(pool: &str) -> Placement {
    let shared = placement::SharedPool { user_pool: pool.to_owned() };
    Placement { kind: Some(placement::Kind::SharedPool(shared)) }
}

pub(crate) fn saml_connection(display_name: &str, metadata_xml: &str) -> Connection {
    let saml = SamlIdentityProvider { metadata_xml: metadata_xml.to_owned(), ..SamlIdentityProvider::default() };
    Connection {
        display_name: display_name.to_owned(),
        identity_provider: Some(connection::IdentityProvider::Saml(saml)),
        ..Connection::default()
    }
}

pub(crate) fn saml_of(connection: &Connection) -> &SamlIdentityProvider {
    let Some(connection::IdentityProvider::Saml(saml)) = &connection.identity_provider else { panic!("not SAML") };
    saml
}

pub(crate) fn signing_key() -> SigningKey {
    let until = "2028-01-01T00:00:00Z".parse().unwrap();
    SigningKey::generate(KeyType::EcP256, "idp.acme.test", now(), until).unwrap()
}

pub(crate) fn identity_provider() -> IdentityProvider {
    IdentityProvider::new("https://idp.acme.test/saml", "https://idp.acme.test/sso", signing_key())
}

/// A refusal as a program sees it.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = outcome.expect_err("must be refused");
    assert_eq!((status.code(), reason_of(&status).as_deref()), (code, Some(reason)), "{status:?}");
    status
}

/// A refusal because of one field.
#[track_caller]
pub(crate) fn assert_field<T: std::fmt::Debug>(outcome: Result<T, Status>, reason: &str, field: &str) {
    let status = assert_refused(outcome, Code::InvalidArgument, reason);
    let fields: Vec<String> = field_violations(&status).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, [field]);
}
