//! A deployment in which only routing runs, and the events that other services would write.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use tonic::Status;
use vestibule_decider::DomainEvent;
use vestibule_eventlog::{EventLog, Metadata, StreamId, Transaction, Version};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_host::{Resources, Service};
use vestibule_kernel::{
    Clock, ConnectionId, DomainId, IdSource, ManualClock, OrganizationId, SecretBox, SystemIds, Timestamp, UserPoolId,
};
use vestibule_routing_service::{Config, start};
use vestibule_rpc::{
    Channel, memory, resource,
    routing::v1::{
        Application, Decision, ResolveSignInRequest, ResolveSignInResponse, resolve_sign_in_request::Person,
        routing_service_client::RoutingServiceClient,
    },
};
use vestibule_storage::MasterKey;
use vestibule_tenancy::{connection, domain, organization, user_pool};

use crate::store::Severed;

pub(crate) struct Deployment {
    pub(crate) client: RoutingServiceClient<Channel>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) resources: Resources,
    pub(crate) store: Severed,
    pub(crate) service: Service,
    versions: HashMap<StreamId, u64>,
    pub(crate) pool: UserPoolId,
}

impl Deployment {
    /// Routing with one user pool and nothing else.
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-21T08:00:00Z".parse::<Timestamp>().unwrap()));
        let store = Severed::over(SqliteStore::temporary().await.unwrap());
        let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
        let (clock_port, ids): (Arc<dyn Clock>, Arc<dyn IdSource>) = (clock.clone(), Arc::new(SystemIds));
        let public_url = "https://login.vestibule.example".parse().unwrap();
        let stop = CancellationToken::new();
        let mut resources =
            Resources::over(store.store.clone(), master, public_url, clock_port.clone(), ids.clone(), stop);
        resources.log = EventLog::new(Arc::new(store.clone()), resources.keys.clone(), clock_port, ids);
        let service = start(&resources, &Config::default()).await.unwrap();
        let client = RoutingServiceClient::new(memory::serve(service.grpc.clone()));
        let pool = UserPoolId::from_uuid(SystemIds.uuid_v4());
        let mut deployment = Self { client, clock, resources, store, service, versions: HashMap::new(), pool };
        deployment.register_pool(pool, "login.acme.example").await;
        deployment
    }

    pub(crate) async fn append<E: DomainEvent>(&mut self, stream: StreamId, event: impl Into<E>) {
        let version = self.versions.entry(stream.clone()).or_default();
        let transaction = Transaction::new(Metadata { actor: "test".to_owned(), ..Metadata::default() });
        let transaction = transaction.append(stream, Version(*version), &[event.into()]).unwrap();
        *version += 1;
        self.resources.log.append(transaction).await.unwrap();
    }

    pub(crate) async fn register_pool(&mut self, id: UserPoolId, domain: &str) {
        let registered = user_pool::Registered {
            user_pool: id,
            region: "eu-west-1".to_owned(),
            pool_id: format!("eu-west-1_{}", id.uuid().simple()),
            domains: vec![domain.to_owned(), "other.acme.example".to_owned()],
            provider_name: "Vestibule".to_owned(),
            client_id: id.to_string(),
            app_client_id: "3n4b5example".to_owned(),
            signing_algorithm: user_pool::SigningAlgorithm::Rs256,
            requires_email: false,
        };
        self.append::<user_pool::Event>(StreamId::of_id(user_pool::CATEGORY, None, id.uuid()), registered).await;
    }

    pub(crate) async fn organization(&mut self, slug: &str) -> OrganizationId {
        let id = OrganizationId::from_uuid(SystemIds.uuid_v4());
        let created = organization::Created {
            organization: id,
            slug: slug.to_owned(),
            external_id: None,
            display_name: format!("{slug} Ltd"),
            tier: "gold".to_owned(),
            region: "eu-west-1".to_owned(),
            placement: organization::Placement::SharedPool { user_pool: self.pool },
        };
        self.change(id, created).await;
        id
    }

    pub(crate) async fn change(&mut self, id: OrganizationId, event: impl Into<organization::Event>) {
        let stream = StreamId::of_id(organization::CATEGORY, Some(id), id.uuid());
        self.append::<organization::Event>(stream, event).await;
    }

    /// A verified domain; answers its stream.
    pub(crate) async fn domain(&mut self, owner: OrganizationId, name: &str, include_subdomains: bool) -> StreamId {
        let id = DomainId::from_uuid(SystemIds.uuid_v4());
        let stream = StreamId::of_id(domain::CATEGORY, Some(owner), id.uuid());
        let claimed = domain::Claimed { domain: id, organization: owner, name: name.to_owned() };
        self.append::<domain::Event>(stream.clone(), claimed).await;
        let proof = domain::Proof::OperatorAttestation { note: "seen".to_owned() };
        let verified_at = self.clock.now();
        let verified = domain::Verified { name: name.to_owned(), include_subdomains, proof, verified_at };
        self.append::<domain::Event>(stream.clone(), verified).await;
        stream
    }

    /// A connection that is enabled.
    pub(crate) async fn connection(&mut self, owner: OrganizationId, display_name: &str) -> ConnectionId {
        let id = ConnectionId::from_uuid(SystemIds.uuid_v4());
        let created = connection::Created {
            connection: id,
            organization: owner,
            display_name: display_name.to_owned(),
            identity_provider: connection::SamlIdentityProvider {
                entity_id: "https://idp.acme.example".to_owned(),
                single_sign_on: Vec::new(),
                wants_authn_requests_signed: false,
                single_logout: Vec::new(),
                name_id_formats: Vec::new(),
                metadata_valid_until: None,
            },
            certificates: Vec::new(),
        };
        self.reconnect(owner, id, created).await;
        self.reconnect(owner, id, connection::Enabled {}).await;
        id
    }

    pub(crate) async fn reconnect(
        &mut self,
        owner: OrganizationId,
        id: ConnectionId,
        event: impl Into<connection::Event>,
    ) {
        let stream = StreamId::of_id(connection::CATEGORY, Some(owner), id.uuid());
        self.append::<connection::Event>(stream, event).await;
    }

    /// An organization with a domain and an enabled connection.
    pub(crate) async fn customer(&mut self, slug: &str, domain: &str) -> (OrganizationId, ConnectionId) {
        let organization = self.organization(slug).await;
        self.domain(organization, domain, false).await;
        (organization, self.connection(organization, "Okta").await)
    }

    /// Waits until routing has seen everything that was appended: the log has one order, so what comes last is seen last.
    pub(crate) async fn settle(&mut self) {
        let slug = format!("last-{}", SystemIds.uuid_v4().simple());
        self.organization(&slug).await;
        let seen = async || {
            let answer = self.client.clone().resolve_sign_in(of(Person::OrganizationCode(slug.clone()))).await;
            answer.is_ok_and(|answer| answer.into_inner().reason != "ORGANIZATION_UNKNOWN")
        };
        eventually(seen).await;
    }

    pub(crate) async fn ask(&self, request: ResolveSignInRequest) -> Result<ResolveSignInResponse, Status> {
        Ok(self.client.clone().resolve_sign_in(request).await?.into_inner())
    }

    pub(crate) async fn resolve(&self, person: Person) -> ResolveSignInResponse {
        self.ask(of(person)).await.unwrap()
    }

    pub(crate) async fn resolve_email(&self, address: &str) -> ResolveSignInResponse {
        self.resolve(Person::Email(address.to_owned())).await
    }

    pub(crate) async fn refused(&self, person: Person) -> String {
        let status = self.ask(of(person)).await.unwrap_err();
        vestibule_rpc::reason_of(&status).unwrap()
    }

    pub(crate) fn pool_name(&self) -> String {
        resource::user_pool_name(self.pool)
    }

    /// Cuts routing off the log and waits until it has noticed.
    pub(crate) async fn sever(&self) {
        let before = self.store.refused.load(Ordering::SeqCst);
        self.store.cut.store(true, Ordering::SeqCst);
        eventually(async || self.store.refused.load(Ordering::SeqCst) > before).await;
    }
}

pub(crate) fn of(person: Person) -> ResolveSignInRequest {
    ResolveSignInRequest { person: Some(person), ..ResolveSignInRequest::default() }
}

pub(crate) fn application() -> Application {
    Application { redirect_uri: "https://app.acme.example/callback".to_owned(), ..Application::default() }
}

pub(crate) fn outcome(answer: &ResolveSignInResponse) -> (Decision, &str) {
    (answer.decision(), answer.reason.as_str())
}

/// Waits until something is so.
pub(crate) async fn eventually<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
}
