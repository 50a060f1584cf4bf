//! Certificates over all connections, the timeline of one, trust and retirement by hand, and what time does.

use std::time::Duration;

use tonic::{Code, Status};
use vestibule_eventlog::{Metadata, StreamId};
use vestibule_host::{Job, Turn};
use vestibule_kernel::{Clock as _, Timestamp};
use vestibule_registry_service::CertificateJob;
use vestibule_rpc::{
    Channel,
    registry::v1::{
        Connection, ConnectionCertificate, GetCertificateRequest, GetConnectionRequest, ListCertificateEventsRequest,
        ListCertificatesRequest, RetireCertificateRequest, TrustCertificateRequest,
        certificate_service_client::CertificateServiceClient, connection_certificate::State,
    },
    resource,
};
use vestibule_saml_idp::{IdentityProvider, KeyType, SigningKey};
use vestibule_tenancy::connection::{self, Certificate, Command, NewCertificates, ObserveMetadata, Provenance};

use crate::registry::{Registry, assert_field, assert_refused, identity_provider, now, saml_of};

const DAY: Duration = Duration::from_hours(24);

fn days(days: u32) -> Timestamp {
    now().plus(days * DAY)
}

fn provider_until(host: &str, until: Timestamp) -> IdentityProvider {
    let key = SigningKey::generate(KeyType::EcP256, host, now(), until).unwrap();
    IdentityProvider::new(format!("https://{host}/saml"), format!("https://{host}/sso"), key)
}

fn another(name: &str, until: Timestamp) -> Certificate {
    Certificate {
        fingerprint: name.repeat(64),
        der: "MIIB".to_owned(),
        subject: format!("CN={name}"),
        not_before: now(),
        not_after: until,
    }
}

impl Registry {
    fn certificates(&self) -> CertificateServiceClient<Channel> {
        CertificateServiceClient::new(self.channel.clone())
    }

    async fn listed(&self, request: ListCertificatesRequest) -> Result<Vec<ConnectionCertificate>, Status> {
        Ok(self.certificates().list_certificates(request).await?.into_inner().certificates)
    }

    async fn trust(&self, name: &str) -> Result<ConnectionCertificate, Status> {
        let request = TrustCertificateRequest { name: name.to_owned(), etag: String::new() };
        Ok(self.certificates().trust_certificate(request).await?.into_inner().certificate.unwrap())
    }

    async fn retire(&self, name: &str) -> Result<ConnectionCertificate, Status> {
        let request = RetireCertificateRequest { name: name.to_owned(), etag: String::new() };
        Ok(self.certificates().retire_certificate(request).await?.into_inner().certificate.unwrap())
    }

    /// The types of what the timeline tells, and who did it.
    async fn timeline(&self, connection: &Connection, page_size: i32) -> Vec<(String, String)> {
        let (mut told, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListCertificateEventsRequest { parent: connection.name.clone(), page_size, page_token };
            let page = self.certificates().list_certificate_events(request).await.unwrap().into_inner();
            told.extend(page.events.into_iter().map(|event| (event.r#type, event.actor)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return told;
            }
        }
    }

    async fn round(&self) -> u64 {
        CertificateJob::new(&self.resources).round(&Turn::alone()).await.unwrap()
    }

    /// The reasons of the warnings of a connection.
    async fn warnings(&self, connection: &Connection) -> Vec<String> {
        let request = GetConnectionRequest { name: connection.name.clone() };
        let current = self.connections().get_connection(request).await.unwrap().into_inner().connection.unwrap();
        saml_of(&current).warnings.iter().map(|warning| warning.reason.clone()).collect()
    }

    /// What metadata at its address says: the certificates that the connection has, and these.
    async fn observe(&self, connection: &Connection, more: &[Certificate], trust: NewCertificates) {
        self.observe_instead(connection, more, trust, true).await;
    }

    /// The same, perhaps without the certificates that the connection has.
    async fn observe_instead(
        &self,
        connection: &Connection,
        more: &[Certificate],
        trust: NewCertificates,
        keeps: bool,
    ) {
        let (organization, id) = resource::connection("name", &connection.name).unwrap();
        let stream = StreamId::of_id(connection::CATEGORY, Some(organization), id.uuid());
        let state = self.log.load::<connection::Connection>(&stream).await.unwrap().state;
        let known = state.trust().unwrap();
        let certificates = known.certificates.iter().filter(|_| keeps).chain(more).cloned().collect();
        let metadata = connection::SamlMetadata { identity_provider: known.identity_provider.clone(), certificates };
        let command = Command::ObserveMetadata(ObserveMetadata {
            metadata,
            trust,
            at: self.clock.now(),
            provenance: Provenance::default(),
        });
        let metadata = Metadata { actor: "worker".to_owned(), ..Metadata::default() };
        self.log.execute::<connection::Connection>(&stream, None, metadata, &command).await.unwrap();
    }
}

fn certificate_of(connection: &Connection) -> String {
    format!("{}/certificates/{}", connection.name, saml_of(connection).certificates[0].sha256_fingerprint)
}

#[tokio::test]
async fn certificates_of_all_connections_are_listed_by_their_end() {
    let registry = Registry::start().await;
    let (acme, globex) = (registry.create_organization("acme").await, registry.create_organization("globex").await);
    let mut made = Vec::new();
    for (organization, host, end) in
        [(&acme, "idp.acme.test", 20), (&globex, "idp.globex.test", 10), (&acme, "other.acme.test", 400)]
    {
        let metadata = provider_until(host, days(end)).metadata_xml();
        made.push(certificate_of(&registry.create_connection(&organization.name, &metadata).await.unwrap()));
    }
    let names = |listed: Vec<ConnectionCertificate>| listed.into_iter().map(|one| one.name).collect::<Vec<_>>();
    let within = |days: u32| Some(prost_types::Duration::try_from(days * DAY).unwrap());
    let all = registry.listed(ListCertificatesRequest::default()).await.unwrap();
    assert_eq!(all[0].state(), State::Trusted);
    assert_eq!(names(all), [made[1].clone(), made[0].clone(), made[2].clone()]);
    let soon = ListCertificatesRequest { expiring_within: within(30), ..Default::default() };
    assert_eq!(names(registry.listed(soon.clone()).await.unwrap()), [made[1].clone(), made[0].clone()]);
    let mine = ListCertificatesRequest { organization: acme.name.clone(), ..soon.clone() };
    assert_eq!(names(registry.listed(mine).await.unwrap()), [made[0].clone()]);
    let observed = ListCertificatesRequest { states: vec![State::Observed.into()], ..Default::default() };
    assert!(registry.listed(observed).await.unwrap().is_empty());
    // Page by page it is the same list.
    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListCertificatesRequest { page_size: 1, page_token, ..Default::default() };
        let page = registry.certificates().list_certificates(request).await.unwrap().into_inner();
        paged.extend(names(page.certificates));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
        let foreign = ListCertificatesRequest { page_token: page_token.clone(), ..soon.clone() };
        assert_field(registry.listed(foreign).await, "PAGE_TOKEN_INVALID", "page_token");
    }
    assert_eq!(paged, [made[1].clone(), made[0].clone(), made[2].clone()]);
    let negative = prost_types::Duration { seconds: -1, nanos: 0 };
    let wrong = ListCertificatesRequest { expiring_within: Some(negative), ..Default::default() };
    assert_field(registry.listed(wrong).await, "DURATION_INVALID", "expiring_within");
    let wrong = ListCertificatesRequest { states: vec![State::Unspecified.into()], ..Default::default() };
    assert_field(registry.listed(wrong).await, "STATE_INVALID", "states");
    let absent = "organizations/01890a5d-ac96-774b-bcce-b302099a8057";
    let wrong = ListCertificatesRequest { organization: absent.to_owned(), ..Default::default() };
    assert_refused(registry.listed(wrong).await, Code::NotFound, "ORGANIZATION_NOT_FOUND");
}

#[tokio::test]
async fn an_observed_certificate_is_trusted_and_a_trusted_one_retired_by_hand() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let connection = registry.create_connection(&acme.name, &identity_provider().metadata_xml()).await.unwrap();
    let old = certificate_of(&connection);
    let new = format!("{}/certificates/{}", connection.name, "b".repeat(64));
    let next = [another("b", days(2_000))];
    registry.observe(&connection, &next, NewCertificates::AwaitApproval).await;
    let observed = ListCertificatesRequest { states: vec![State::Observed.into()], ..Default::default() };
    let waiting = registry.listed(observed).await.unwrap();
    assert_eq!(waiting.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [&new]);
    assert_refused(registry.retire(&old).await, Code::FailedPrecondition, "CERTIFICATE_LAST");
    assert_eq!(registry.trust(&new).await.unwrap().state(), State::Trusted);
    assert_eq!(registry.trust(&new).await.unwrap().state(), State::Trusted, "twice is no error");
    let before = registry.certificates().get_certificate(GetCertificateRequest { name: old.clone() }).await.unwrap();
    assert_eq!(before.into_inner().certificate.unwrap().state(), State::Renewed);
    assert_eq!(registry.retire(&old).await.unwrap().state(), State::Retired);
    // The address still names the old one: it stays out.
    let first = saml_of(&connection).certificates[0].clone();
    let known = Certificate { fingerprint: first.sha256_fingerprint, ..another("a", days(100)) };
    registry.observe(&connection, &[known], NewCertificates::Trust).await;
    let kept = registry.listed(ListCertificatesRequest::default()).await.unwrap();
    let states: Vec<_> = kept.iter().map(|one| (one.name.as_str(), one.state())).collect();
    assert_eq!(states, [(old.as_str(), State::Retired), (new.as_str(), State::Trusted)]);
    let told = registry.timeline(&connection, 2).await;
    let told: Vec<(&str, &str)> = told.iter().map(|(what, who)| (what.as_str(), who.as_str())).collect();
    assert_eq!(
        told,
        [
            ("connection.created", "service"),
            ("certificate.observed", "worker"),
            ("certificate.trusted", "service"),
            ("certificate.renewed", "service"),
            ("certificate.overlapping", "service"),
            ("certificate.retired", "service"),
        ]
    );
    let absent = format!("{}/certificates/{}", connection.name, "c".repeat(64));
    for answer in [registry.trust(&absent).await, registry.retire(&absent).await] {
        assert_refused(answer, Code::NotFound, "CERTIFICATE_NOT_FOUND");
    }
    for wrong in ["B".repeat(64), "b".repeat(63), "b".repeat(65), format!("{}/x", "b".repeat(62))] {
        let wrong = format!("{}/certificates/{wrong}", connection.name);
        assert_field(registry.trust(&wrong).await, "RESOURCE_NAME_INVALID", "name");
    }
}

#[tokio::test]
async fn what_keeps_an_honest_identity_provider_out_is_warned_of() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let connection = registry.create_connection(&acme.name, &identity_provider().metadata_xml()).await.unwrap();
    assert_eq!(registry.warnings(&connection).await, [""; 0]);
    let next = [another("b", days(2_000))];
    registry.observe_instead(&connection, &next, NewCertificates::AwaitApproval, false).await;
    assert_eq!(registry.warnings(&connection).await, ["CERTIFICATE_AWAITS_APPROVAL", "LAST_CERTIFICATE_LEAVES"]);
    registry.clock.set(days(1));
    assert_eq!(registry.round().await, 1);
    assert_eq!(registry.warnings(&connection).await, ["CERTIFICATE_AWAITS_APPROVAL", "NO_TRUSTED_CERTIFICATE"]);
    registry.trust(&format!("{}/certificates/{}", connection.name, "b".repeat(64))).await.unwrap();
    assert_eq!(registry.warnings(&connection).await, [""; 0]);
}

#[tokio::test]
async fn time_is_noted_once_on_every_connection() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    for host in ["idp.acme.test", "other.acme.test"] {
        let metadata = provider_until(host, days(60)).metadata_xml();
        registry.create_connection(&acme.name, &metadata).await.unwrap();
    }
    let count = async |name: &str| registry.events().await.into_iter().filter(|event| event.name == name).count();
    assert_eq!(registry.round().await, 0);
    registry.clock.set(days(30));
    assert_eq!((registry.round().await, registry.round().await), (2, 0));
    assert_eq!(count("connection.certificate_renewal_required").await, 2);
    registry.clock.set(days(61));
    assert_eq!((registry.round().await, registry.round().await), (2, 0));
    assert_eq!(count("connection.certificate_expired").await, 2);
    let expired = ListCertificatesRequest { states: vec![State::Expired.into()], ..Default::default() };
    assert_eq!(registry.listed(expired).await.unwrap().len(), 2);
    let told = registry.events().await.into_iter().filter(|event| event.metadata.actor == "worker").count();
    assert_eq!(told, 4);
}
