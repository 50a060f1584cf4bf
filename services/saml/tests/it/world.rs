use std::{path::Path, sync::Arc};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use vestibule_decider::Decider;
use vestibule_eventlog::{EventLog, Filter, Metadata, Recorded, StreamId};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_host::{Readiness, Resources, Service};
use vestibule_kernel::{
    ConnectionId, DomainId, IdSource, ManualClock, OrganizationId, SecretBox, SeededIds, Timestamp, UserPoolId,
};
use vestibule_rpc::{
    Caller, Channel, memory,
    saml::v1::{
        CreateAuthnRequestRequest, GetServiceProviderMetadataRequest, Identity, Refusal, ValidateResponseRequest,
        ValidateResponseResponse, saml_service_client::SamlServiceClient, validate_response_response::Outcome,
    },
};
use vestibule_saml_idp::{IdentityProvider, KeyType, ResponseTerms, SigningKey, Subject, saml_response_value};
use vestibule_saml_service::{Config, StartError};
use vestibule_storage::{KeyStore, MasterKey};
use vestibule_tenancy::{
    DisplayName, DomainName, Note, Region, Slug, Tier,
    connection::{
        self, Binding, Certificate, Connection, Endpoint, LogoutEndpoint, SamlIdentityProvider, SamlMetadata,
    },
    domain::{self, Domain},
    organization::{self, ForeignEmail, Organization, Placement},
};

/// A SAML service of its own for each test, and the pen of the registry.
pub(crate) struct World {
    pub(crate) channel: Channel,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) log: EventLog,
    pub(crate) keys: KeyStore,
    pub(crate) store: SqliteStore,
    pub(crate) ids: Arc<SeededIds>,
    directory: TempDir,
    readiness: Vec<Readiness>,
    routes: tonic::service::Routes,
    pub(crate) resources: Resources,
    stop: CancellationToken,
}

/// An organization with a connection and what stands at its other end.
pub(crate) struct Customer {
    pub(crate) organization: OrganizationId,
    pub(crate) connection: ConnectionId,
    pub(crate) idp: IdentityProvider,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(&Config::default()).await
    }

    pub(crate) async fn start_with(config: &Config) -> Self {
        Self::start_beside(config, None).await
    }

    /// Beside a registry that is told of unknown certificates.
    pub(crate) async fn start_beside(config: &Config, registry: Option<Channel>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("vestibule.db"), "test").await.unwrap();
        let (clock, ids) = (Arc::new(ManualClock::at(now())), Arc::new(SeededIds::new(1)));
        let stop = CancellationToken::new();
        let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
        let public_url = "https://login.vestibule.test".parse().unwrap();
        let resources = Resources::over(store.clone(), master, public_url, clock.clone(), ids.clone(), stop.clone());
        let service = vestibule_saml_service::start(&resources, config, registry).await.unwrap();
        let (routes, readiness) = (service.grpc, service.readiness);
        let channel = memory::serve(routes.clone());
        Self {
            channel,
            clock,
            log: resources.log.clone(),
            keys: resources.keys.clone(),
            store,
            ids,
            directory,
            readiness,
            routes,
            resources,
            stop,
        }
    }

    /// Starts another instance of the service on the same store.
    pub(crate) async fn start_again(&self, config: &Config) -> Result<Service, StartError> {
        vestibule_saml_service::start(&self.resources, config, None).await
    }

    pub(crate) fn saml(&self) -> SamlServiceClient<Channel> {
        SamlServiceClient::new(self.channel.clone())
    }

    /// The service as it is for callers that authentication knows by this name.
    pub(crate) fn saml_as(&self, actor: &str) -> SamlServiceClient<Channel> {
        let caller = axum::Extension(Caller { actor: actor.to_owned() });
        let router = self.routes.clone().into_axum_router().layer(caller);
        SamlServiceClient::new(memory::serve(tonic::service::Routes::from(router)))
    }

    /// What keeps the service from being ready.
    pub(crate) fn troubles(&self) -> Vec<String> {
        Service::troubles(&self.readiness)
    }

    pub(crate) fn store_directory(&self) -> &Path {
        self.directory.path()
    }

    /// An active organization that owns `domain`, with an enabled connection to an identity provider of its own.
    pub(crate) async fn customer(&self, slug: &str, domain: &str) -> Customer {
        let organization = self.organization(slug).await;
        self.verify(organization, domain, false).await;
        self.connect(organization, identity_provider(slug)).await
    }

    pub(crate) async fn organization(&self, slug: &str) -> OrganizationId {
        let id = OrganizationId::from_uuid(self.ids.uuid_v7(now()));
        let user_pool = UserPoolId::from_uuid(self.ids.uuid_v7(now()));
        let create = organization::Create {
            organization: id,
            slug: Slug::parse(slug).unwrap(),
            external_id: None,
            display_name: DisplayName::parse(slug).unwrap(),
            tier: Tier::parse("enterprise").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
            placement: Placement::SharedPool { user_pool },
            foreign_email: ForeignEmail::Withhold,
        };
        self.change_organization(id, organization::Command::Create(create)).await;
        id
    }

    pub(crate) async fn change_organization(&self, id: OrganizationId, command: organization::Command) {
        let stream = StreamId::of_id(organization::CATEGORY, Some(id), id.uuid());
        self.execute::<Organization>(&stream, &command).await;
    }

    pub(crate) async fn verify(&self, organization: OrganizationId, name: &str, include_subdomains: bool) -> DomainId {
        let domain = DomainId::from_uuid(self.ids.uuid_v7(now()));
        let stream = StreamId::of_id(domain::CATEGORY, Some(organization), domain.uuid());
        let name = DomainName::parse(name).unwrap();
        self.execute::<Domain>(&stream, &domain::Command::Claim { domain, organization, name }).await;
        let note = Note::parse("test").unwrap();
        self.execute::<Domain>(&stream, &domain::Command::Attest { include_subdomains, note, now: now() }).await;
        domain
    }

    pub(crate) async fn connect(&self, organization: OrganizationId, idp: IdentityProvider) -> Customer {
        let metadata = metadata(&idp);
        self.connect_with(organization, idp, metadata).await
    }

    pub(crate) async fn connect_with(
        &self,
        organization: OrganizationId,
        idp: IdentityProvider,
        metadata: SamlMetadata,
    ) -> Customer {
        let connection = ConnectionId::from_uuid(self.ids.uuid_v7(now()));
        let display_name = DisplayName::parse("Entra").unwrap();
        let settings = connection::CheckedSettings::default();
        let fingerprints: Vec<String> = metadata.certificates.iter().map(|one| one.fingerprint.clone()).collect();
        let create =
            connection::Create { connection, organization, display_name, metadata, settings, metadata_source: None };
        let customer = Customer { organization, connection, idp };
        self.change_connection(&customer, connection::Command::Create(create)).await;
        // As if somebody had signed in before: the first use of a certificate is an event of its own.
        for fingerprint in fingerprints {
            self.change_connection(&customer, connection::Command::Promote { fingerprint }).await;
        }
        self.change_connection(&customer, connection::Command::Enable).await;
        customer
    }

    pub(crate) async fn change_connection(&self, customer: &Customer, command: connection::Command) {
        let id = customer.connection.uuid();
        let stream = StreamId::of_id(connection::CATEGORY, Some(customer.organization), id);
        self.execute::<Connection>(&stream, &command).await;
    }

    pub(crate) async fn execute<D: Decider>(&self, stream: &StreamId, command: &D::Command)
    where
        D::Rejection: std::fmt::Debug,
    {
        let metadata = Metadata { actor: "operator".to_owned(), ..Metadata::default() };
        self.log.execute::<D>(stream, None, metadata, command).await.unwrap();
    }

    /// Waits until the service has seen everything: asking for what does not exist makes it look.
    pub(crate) async fn settle(&self) {
        let connection = self.ids.uuid_v4().to_string();
        let request = GetServiceProviderMetadataRequest { connection };
        self.saml().get_service_provider_metadata(request).await.unwrap_err();
    }

    /// A fresh request to the customer's identity provider.
    pub(crate) async fn request(&self, customer: &Customer) -> String {
        let request = CreateAuthnRequestRequest { connection: customer.connection.to_string(), ..Default::default() };
        self.saml().create_authn_request(request).await.unwrap().into_inner().request_id
    }

    pub(crate) fn terms(&self, customer: &Customer, request_id: &str) -> ResponseTerms {
        let entity_id = format!("https://login.vestibule.test/saml/{}", customer.connection);
        ResponseTerms::new(format!("{entity_id}/acs"), entity_id, self.clock_now(), &*self.ids).answering(request_id)
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        use vestibule_kernel::Clock;
        self.clock.now()
    }

    /// What the identity provider answers to a request.
    pub(crate) fn response(&self, customer: &Customer, subject: &Subject, request_id: &str) -> String {
        let xml = customer.idp.respond(subject, &self.terms(customer, request_id)).unwrap();
        saml_response_value(&xml)
    }

    pub(crate) async fn validate(
        &self,
        customer: &Customer,
        saml_response: &str,
        request_id: &str,
    ) -> Result<ValidateResponseResponse, Status> {
        let request = validation(customer, saml_response, request_id);
        self.saml().validate_response(request).await.map(tonic::Response::into_inner)
    }

    /// A whole sign-in that must succeed.
    pub(crate) async fn sign_in(&self, customer: &Customer, subject: &Subject) -> Identity {
        let request_id = self.request(customer).await;
        let response = self.response(customer, subject, &request_id);
        accepted(self.validate(customer, &response, &request_id).await.unwrap())
    }

    /// A sign-in that must be refused.
    pub(crate) async fn refused_sign_in(&self, customer: &Customer, subject: &Subject) -> Refusal {
        let request_id = self.request(customer).await;
        let response = self.response(customer, subject, &request_id);
        refused(self.validate(customer, &response, &request_id).await.unwrap())
    }

    /// All events, oldest first.
    pub(crate) async fn events(&self) -> Vec<Recorded> {
        self.log.read_all(self.log.start(), &Filter::default(), 1_000).await.unwrap().events
    }

    pub(crate) async fn count(&self, name: &str) -> usize {
        self.events().await.into_iter().filter(|event| event.name == name).count()
    }
}

pub(crate) const USER_POOL: &str = "userPools/01890a5d-ac96-774b-bcce-b302099a8057";

pub(crate) fn validation(customer: &Customer, saml_response: &str, request_id: &str) -> ValidateResponseRequest {
    ValidateResponseRequest {
        connection: customer.connection.to_string(),
        saml_response: saml_response.to_owned(),
        request_id: request_id.to_owned(),
        user_pool: USER_POOL.to_owned(),
        email_required: false,
        sign_in: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub(crate) fn signing_key() -> SigningKey {
    SigningKey::generate(KeyType::EcP256, "idp.test", now(), "2028-01-01T00:00:00Z".parse().unwrap()).unwrap()
}

pub(crate) fn identity_provider(slug: &str) -> IdentityProvider {
    let host = format!("https://idp.{slug}.test");
    IdentityProvider::new(format!("{host}/saml"), format!("{host}/sso"), signing_key())
}

pub(crate) fn ada() -> Subject {
    Subject::persistent("a1b2c3-Ada")
        .with("email", ["ada@acme.test"])
        .with("displayName", ["Ada Lovelace"])
        .with("givenName", ["Ada"])
        .with("sn", ["Lovelace"])
        .with("groups", ["staff", "admins"])
}

pub(crate) fn metadata(idp: &IdentityProvider) -> SamlMetadata {
    metadata_of(idp, &[idp.signing_key()])
}

pub(crate) fn metadata_of(idp: &IdentityProvider, keys: &[&SigningKey]) -> SamlMetadata {
    let endpoint = |binding| Endpoint { binding, location: idp.sso_url().to_owned() };
    SamlMetadata {
        identity_provider: SamlIdentityProvider {
            entity_id: idp.entity_id().to_owned(),
            single_sign_on: vec![endpoint(Binding::HttpPost), endpoint(Binding::HttpRedirect)],
            wants_authn_requests_signed: false,
            single_logout: single_logout(idp),
            name_id_formats: Vec::new(),
            metadata_valid_until: None,
        },
        certificates: keys.iter().map(|key| certificate(key)).collect(),
    }
}

/// By redirect and by form, like the metadata of the simulated identity provider.
fn single_logout(idp: &IdentityProvider) -> Vec<LogoutEndpoint> {
    let endpoint = |binding| {
        let location = idp.slo_url()?.to_owned();
        Some(LogoutEndpoint { binding, location, response_location: None })
    };
    [Binding::HttpRedirect, Binding::HttpPost].into_iter().filter_map(endpoint).collect()
}

fn certificate(key: &SigningKey) -> Certificate {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let read = vestibule_saml::Certificate::from_der(key.certificate_der()).unwrap();
    Certificate {
        fingerprint: read.fingerprint().to_string(),
        der: BASE64_STANDARD.encode(read.der()),
        subject: read.subject().to_owned(),
        not_before: read.not_before(),
        not_after: read.not_after(),
    }
}

#[track_caller]
pub(crate) fn accepted(answer: ValidateResponseResponse) -> Identity {
    match answer.outcome.unwrap() {
        Outcome::Accepted(identity) => identity,
        Outcome::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

#[track_caller]
pub(crate) fn refused(answer: ValidateResponseResponse) -> Refusal {
    match answer.outcome.unwrap() {
        Outcome::Refused(refusal) => refusal,
        Outcome::Accepted(_) => panic!("accepted"),
    }
}
