//! A deployment in which only enrichment runs, and the events that other services would write.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use vestibule_decider::DomainEvent;
use vestibule_enrichment_service::{Config, StartError, start};
use vestibule_eventlog::{EventLog, Metadata, StreamId, Transaction, Version};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_host::{Resources, Service};
use vestibule_kernel::{
    Clock, ConnectionId, DomainId, IdSource, ManualClock, OrganizationId, PersonId, SecretBox, SystemIds, Timestamp,
    UserPoolId,
};
use vestibule_rpc::{
    Channel,
    enrichment::v1::{HandleTriggerRequest, enrichment_service_client::EnrichmentServiceClient},
    memory,
};
use vestibule_storage::MasterKey;
use vestibule_tenancy::{claim_policy, connection, domain, organization, person, user_pool};

use crate::{
    event::{POOL_ID, sign_in, with},
    store::Gated,
};

pub(crate) struct Deployment {
    pub(crate) client: EnrichmentServiceClient<Channel>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Gated,
    pub(crate) service: Service,
    pub(crate) pool: UserPoolId,
    pub(crate) resources: Resources,
    versions: HashMap<StreamId, u64>,
    connections: HashMap<OrganizationId, ConnectionId>,
}

impl Deployment {
    /// Enrichment with one user pool and nothing else.
    pub(crate) async fn start() -> Self {
        Self::start_with(&Config::default()).await
    }

    pub(crate) async fn start_with(config: &Config) -> Self {
        Self::try_start(config).await.unwrap()
    }

    pub(crate) async fn try_start(config: &Config) -> Result<Self, StartError> {
        let clock = Arc::new(ManualClock::at("2026-11-21T08:00:00Z".parse::<Timestamp>().unwrap()));
        let store = Gated::over(SqliteStore::temporary().await.unwrap());
        let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
        let (clock_port, ids): (Arc<dyn Clock>, Arc<dyn IdSource>) = (clock.clone(), Arc::new(SystemIds));
        let public_url = "https://login.vestibule.example".parse().unwrap();
        let stop = CancellationToken::new();
        let mut resources =
            Resources::over(store.store.clone(), master, public_url, clock_port.clone(), ids.clone(), stop);
        resources.log = EventLog::new(Arc::new(store.clone()), resources.keys.clone(), clock_port, ids);
        let service = start(&resources, config).await?;
        let client = EnrichmentServiceClient::new(memory::serve(service.grpc.clone()));
        let pool = UserPoolId::from_uuid(SystemIds.uuid_v4());
        let (versions, connections) = (HashMap::new(), HashMap::new());
        let mut deployment = Self { client, clock, store, service, pool, resources, versions, connections };
        deployment.register_pool(pool, POOL_ID, "Vestibule").await;
        Ok(deployment)
    }

    async fn append<E: DomainEvent>(&mut self, stream: StreamId, event: impl Into<E>) {
        let version = self.versions.entry(stream.clone()).or_default();
        let transaction = Transaction::new(Metadata { actor: "test".to_owned(), ..Metadata::default() });
        let transaction = transaction.append(stream, Version(*version), &[event.into()]).unwrap();
        *version += 1;
        self.resources.log.append(transaction).await.unwrap();
    }

    pub(crate) async fn register_pool(&mut self, id: UserPoolId, pool_id: &str, provider_name: &str) {
        self.register_pool_at(id, pool_id, provider_name, "login.acme.example").await;
    }

    /// Registers a user pool with this domain.
    pub(crate) async fn register_pool_at(&mut self, id: UserPoolId, pool_id: &str, provider_name: &str, domain: &str) {
        let registered = user_pool::Registered {
            user_pool: id,
            region: "eu-west-1".to_owned(),
            pool_id: pool_id.to_owned(),
            domains: vec![domain.to_owned()],
            provider_name: provider_name.to_owned(),
            client_id: id.to_string(),
            app_client_id: "3n4b5example".to_owned(),
            signing_algorithm: user_pool::SigningAlgorithm::Rs256,
            requires_email: false,
        };
        self.append::<user_pool::Event>(StreamId::of_id(user_pool::CATEGORY, None, id.uuid()), registered).await;
    }

    pub(crate) async fn change_pool(&mut self, id: UserPoolId, event: impl Into<user_pool::Event>) {
        self.append::<user_pool::Event>(StreamId::of_id(user_pool::CATEGORY, None, id.uuid()), event).await;
    }

    pub(crate) async fn organization(&mut self) -> OrganizationId {
        let id = OrganizationId::from_uuid(SystemIds.uuid_v4());
        let created = organization::Created {
            organization: id,
            slug: format!("o-{}", id.uuid().simple()),
            external_id: None,
            display_name: "Acme".to_owned(),
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

    /// Somebody signs in for the first time, over the organization's connection, which is enabled.
    pub(crate) async fn person(&mut self, organization: OrganizationId) -> PersonId {
        let connection = self.connection(organization).await;
        let person = PersonId::from_uuid(SystemIds.uuid_v4());
        let first = person::FirstSeen {
            person,
            organization,
            connection,
            subject_digest: person.to_string(),
            profile: Some(person::Profile { subject: "ann".to_owned(), ..person::Profile::default() }),
        };
        self.change_person(organization, person, first).await;
        person
    }

    pub(crate) async fn change_person(
        &mut self,
        organization: OrganizationId,
        person: PersonId,
        event: impl Into<person::Event>,
    ) {
        let stream = StreamId::of_id(person::CATEGORY, Some(organization), person.uuid());
        self.append::<person::Event>(stream, event).await;
    }

    /// The organization's connection.
    pub(crate) async fn connection(&mut self, organization: OrganizationId) -> ConnectionId {
        if let Some(known) = self.connections.get(&organization) {
            return *known;
        }
        let connection = self.another_connection(organization).await;
        self.connections.insert(organization, connection);
        self.change_connection(organization, connection, connection::Enabled {}).await;
        connection
    }

    /// A new connection, which is disabled.
    pub(crate) async fn another_connection(&mut self, organization: OrganizationId) -> ConnectionId {
        let id = ConnectionId::from_uuid(SystemIds.uuid_v4());
        let created = connection::Created {
            connection: id,
            organization,
            display_name: "Entra ID".to_owned(),
            identity_provider: connection::SamlIdentityProvider {
                entity_id: "https://idp.example".to_owned(),
                single_sign_on: Vec::new(),
                wants_authn_requests_signed: false,
                single_logout: Vec::new(),
                name_id_formats: Vec::new(),
                metadata_valid_until: None,
            },
            certificates: Vec::new(),
        };
        self.change_connection(organization, id, created).await;
        id
    }

    pub(crate) async fn change_connection(
        &mut self,
        organization: OrganizationId,
        connection: ConnectionId,
        event: impl Into<connection::Event>,
    ) {
        let stream = StreamId::of_id(connection::CATEGORY, Some(organization), connection.uuid());
        self.append::<connection::Event>(stream, event).await;
    }

    /// The organization owns a domain from now on.
    pub(crate) async fn verify_domain(&mut self, organization: OrganizationId, name: &str, below: bool) -> DomainId {
        let domain = DomainId::from_uuid(SystemIds.uuid_v4());
        let name = name.to_owned();
        let proof = domain::Proof::OperatorAttestation { note: "contract".to_owned() };
        let claimed = domain::Claimed { domain, organization, name: name.clone() };
        let verified = domain::Verified { name, include_subdomains: below, proof, verified_at: self.clock.now() };
        self.change_domain(organization, domain, claimed).await;
        self.change_domain(organization, domain, verified).await;
        domain
    }

    /// And from now on it does not.
    pub(crate) async fn release_domain(&mut self, organization: OrganizationId, domain: DomainId, name: &str) {
        let released = domain::Released { organization, name: name.to_owned() };
        self.change_domain(organization, domain, released).await;
    }

    async fn change_domain(&mut self, of: OrganizationId, domain: DomainId, event: impl Into<domain::Event>) {
        let stream = StreamId::of_id(domain::CATEGORY, Some(of), domain.uuid());
        self.append::<domain::Event>(stream, event).await;
    }

    /// The organization's people live somewhere else from now on.
    pub(crate) async fn place(&mut self, organization: OrganizationId, placement: organization::Placement) {
        let updated = organization::Updated { placement: Some(placement), ..organization::Updated::default() };
        self.change(organization, updated).await;
    }

    /// Somebody has a policy from now on.
    pub(crate) async fn set_policy(&mut self, target: claim_policy::Target, policy: claim_policy::ClaimPolicy) {
        let stream = vestibule_claims::stream(&target);
        self.append::<claim_policy::Event>(stream, claim_policy::Replaced { target, policy }).await;
    }

    /// A person of an organization, both known to enrichment.
    pub(crate) async fn ann(&mut self) -> (OrganizationId, PersonId) {
        let organization = self.organization().await;
        let person = self.person(organization).await;
        (organization, person)
    }

    /// Waits until enrichment has seen everything that was appended: the log has one order, so what comes last is seen
    /// last.
    pub(crate) async fn settle(&mut self) {
        let (pool_id, id) = (format!("x_{}", SystemIds.uuid_v4().simple()), UserPoolId::from_uuid(SystemIds.uuid_v4()));
        self.register_pool(id, &pool_id, "Vestibule").await;
        let nobody = sign_in(PersonId::from_uuid(SystemIds.uuid_v4()));
        let event = with(with(nobody, "/userPoolId", json!(pool_id)), "/userName", json!("native"));
        eventually(async || self.trigger(&event).await.is_ok()).await;
    }

    pub(crate) async fn send(&self, event_json: String) -> Result<String, Status> {
        let answer = self.client.clone().handle_trigger(HandleTriggerRequest { event_json }).await?;
        Ok(answer.into_inner().event_json)
    }

    pub(crate) async fn trigger(&self, event: &Value) -> Result<Value, Status> {
        Ok(serde_json::from_str(&self.send(event.to_string()).await?).unwrap())
    }

    /// The reason of a refusal.
    pub(crate) async fn refused(&self, event: &Value) -> String {
        let status = self.trigger(event).await.unwrap_err();
        vestibule_rpc::reason_of(&status).unwrap()
    }
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
