use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use vestibule_decider::Decider;
use vestibule_eventlog::{EventLog, Filter, Metadata, StreamId};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_host::Resources;
use vestibule_kernel::{
    Clock as _, ConnectionId, DomainId, IdSource, ManualClock, OrganizationId, SecretBox, SeededIds, Timestamp,
    UserPoolId,
};
use vestibule_rpc::{
    Channel, memory,
    saml::v1::{
        CreateAuthnRequestRequest, GetServiceProviderMetadataRequest, ValidateResponseRequest,
        saml_service_client::SamlServiceClient, validate_response_response::Outcome,
    },
};
use vestibule_saml_idp::{ResponseTerms, Subject, saml_response_value};
use vestibule_saml_service::Config;
use vestibule_storage::MasterKey;
use vestibule_tenancy::{
    DisplayName, DomainName, Note, Region, Slug, Tier,
    connection::{
        self, CheckedSettings, Command, Connection, Create, NewCertificates, ObserveMetadata, Provenance, SamlSettings,
    },
    domain::{self, Domain},
    organization::{self, ForeignEmail, Organization, Placement},
    user_pool::{self, UserPool},
};

use super::provider::Provider;

const DAY: Duration = Duration::from_hours(24);

pub(crate) const PUBLIC_URL: &str = "https://login.vestibule.test";

const USER_POOL: &str = "userPools/01890a5d-ac96-774b-bcce-b302099a8057";

pub(crate) fn user_pool() -> UserPoolId {
    USER_POOL.trim_start_matches("userPools/").parse().unwrap()
}

/// Noon of a day; the days count from the first.
pub(crate) fn moment(day: i64) -> Timestamp {
    let first: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    Timestamp::from_unix_seconds(first.unix_seconds() + day * 24 * 60 * 60)
}

/// The SAML service and what the registry works on.
pub(crate) struct World {
    pub(crate) resources: Resources,
    channel: Channel,
    clock: Arc<ManualClock>,
    log: EventLog,
    ids: Arc<SeededIds>,
    stop: CancellationToken,
    _directory: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    pub(crate) async fn start(config: &Config) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("vestibule.db"), "test").await.unwrap();
        let (clock, ids) = (Arc::new(ManualClock::at(moment(0))), Arc::new(SeededIds::new(1)));
        let stop = CancellationToken::new();
        let master = MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap();
        let public_url = PUBLIC_URL.parse().unwrap();
        let resources = Resources::over(store, master, public_url, clock.clone(), ids.clone(), stop.clone());
        let service = vestibule_saml_service::start(&resources, config, None).await.unwrap();
        let (channel, log) = (memory::serve(service.grpc), resources.log.clone());
        Self { resources, channel, clock, log, ids, stop, _directory: directory }
    }

    pub(crate) fn set_day(&self, day: i64) {
        self.clock.set(moment(day));
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.clock.set(now);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(crate) fn randomness(&self) -> &SeededIds {
        &self.ids
    }

    pub(crate) async fn register(&self, command: &user_pool::Command) {
        let stream = StreamId::of_id(user_pool::CATEGORY, None, user_pool().uuid());
        self.execute::<UserPool>(&stream, command).await;
    }

    /// The organization of this provider owns this domain.
    pub(crate) async fn own(&self, provider: &Provider, name: &str) {
        let (domain, organization) = (DomainId::from_uuid(self.ids.uuid_v7(moment(0))), provider.organization);
        let stream = StreamId::of_id(domain::CATEGORY, Some(organization), domain.uuid());
        let name = DomainName::parse(name).unwrap();
        self.execute::<Domain>(&stream, &domain::Command::Claim { domain, organization, name }).await;
        let (include_subdomains, note, now) = (false, Note::parse("test").unwrap(), moment(0));
        self.execute::<Domain>(&stream, &domain::Command::Attest { include_subdomains, note, now }).await;
    }

    pub(crate) fn ids(&self) -> (OrganizationId, ConnectionId) {
        let id = || self.ids.uuid_v7(moment(0));
        (OrganizationId::from_uuid(id()), ConnectionId::from_uuid(id()))
    }

    fn saml(&self) -> SamlServiceClient<Channel> {
        SamlServiceClient::new(self.channel.clone())
    }

    async fn execute<D: Decider>(&self, stream: &StreamId, command: &D::Command)
    where
        D::Rejection: std::fmt::Debug,
    {
        let metadata = Metadata { actor: "worker".to_owned(), ..Metadata::default() };
        self.log.execute::<D>(stream, None, metadata, command).await.unwrap();
    }

    async fn change(&self, provider: &Provider, command: Command) {
        let id = provider.connection.uuid();
        let stream = StreamId::of_id(connection::CATEGORY, Some(provider.organization), id);
        self.execute::<Connection>(&stream, &command).await;
    }

    /// An organization with an enabled connection to the provider as it is on the first day.
    pub(crate) async fn connect(&self, provider: &Provider) {
        let id = provider.organization;
        let create = organization::Create {
            organization: id,
            slug: Slug::parse(&format!("o-{}", &id.to_string()[24..])).unwrap(),
            external_id: None,
            display_name: DisplayName::parse("Acme").unwrap(),
            tier: Tier::parse("enterprise").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
            placement: Placement::SharedPool { user_pool: user_pool() },
            foreign_email: ForeignEmail::Withhold,
        };
        let stream = StreamId::of_id(organization::CATEGORY, Some(id), id.uuid());
        self.execute::<Organization>(&stream, &organization::Command::Create(create)).await;
        let settings = CheckedSettings::check(provider.settings(), &SamlSettings::default(), moment(0)).unwrap();
        let create = Create {
            connection: provider.connection,
            organization: id,
            display_name: DisplayName::parse("IdP").unwrap(),
            metadata: provider.metadata(0),
            settings,
            metadata_source: None,
        };
        self.change(provider, Command::Create(create)).await;
        self.change(provider, Command::Enable).await;
    }

    /// What reading the metadata of the provider does; an operator approves on the same day what awaits approval.
    pub(crate) async fn observe(&self, provider: &Provider, day: i64) {
        let (metadata, trust) = (provider.metadata(day), provider.new_certificates);
        let fingerprints: Vec<String> = metadata.certificates.iter().map(|one| one.fingerprint.clone()).collect();
        let observed = ObserveMetadata { metadata, trust, at: self.clock.now(), provenance: Provenance::default() };
        self.change(provider, Command::ObserveMetadata(observed)).await;
        if trust == NewCertificates::AwaitApproval {
            for fingerprint in fingerprints {
                self.change(provider, Command::TrustCertificate { fingerprint }).await;
            }
        }
    }

    /// Waits until the service has seen everything: asking for what does not exist makes it look.
    pub(crate) async fn settle(&self) {
        let request = GetServiceProviderMetadataRequest { connection: self.ids.uuid_v4().to_string() };
        self.saml().get_service_provider_metadata(request).await.unwrap_err();
    }

    /// How many keys of ours stand in our metadata, to verify with and to encrypt for.
    pub(crate) async fn our_keys(&self, provider: &Provider) -> (usize, usize) {
        let request = GetServiceProviderMetadataRequest { connection: provider.connection.to_string() };
        let published = self.saml().get_service_provider_metadata(request).await.unwrap().into_inner().metadata_xml;
        (published.matches("use=\"signing\"").count(), published.matches("use=\"encryption\"").count())
    }

    /// A whole sign-in, or why it was refused.
    pub(crate) async fn sign_in(&self, provider: &Provider, day: i64) -> Result<(), String> {
        let connection = provider.connection.to_string();
        let request = CreateAuthnRequestRequest { connection: connection.clone(), ..Default::default() };
        let request_id = self.saml().create_authn_request(request).await.unwrap().into_inner().request_id;
        let entity_id = format!("{PUBLIC_URL}/saml/{connection}");
        let terms = ResponseTerms::new(format!("{entity_id}/acs"), entity_id, self.clock.now(), &*self.ids);
        let response = provider.on(day).respond(&Subject::persistent("ada"), &terms.answering(&request_id)).unwrap();
        let request = ValidateResponseRequest {
            connection,
            saml_response: saml_response_value(&response),
            request_id,
            user_pool: USER_POOL.to_owned(),
            ..Default::default()
        };
        match self.saml().validate_response(request).await.unwrap().into_inner().outcome.unwrap() {
            Outcome::Accepted(_) => Ok(()),
            Outcome::Refused(refusal) => Err(refusal.reason),
        }
    }

    /// What happened to connections: on which day, and to which of these.
    pub(crate) async fn events(&self, providers: &[Provider]) -> Vec<(i64, usize, connection::Event)> {
        let filter = Filter { categories: vec![connection::CATEGORY], organization: None };
        let (mut events, mut after) = (Vec::new(), self.log.start());
        loop {
            let page = self.log.read_all(after, &filter, 1_000).await.unwrap();
            for recorded in page.events {
                let id: ConnectionId = recorded.stream.key().parse().unwrap();
                let place = providers.iter().position(|provider| provider.connection == id).unwrap();
                let since = recorded.recorded_at.since(moment(0));
                let day = i64::try_from(since.as_secs() / DAY.as_secs()).unwrap();
                events.push((day, place, recorded.decode().unwrap()));
            }
            if page.at_head {
                return events;
            }
            after = page.next;
        }
    }
}
