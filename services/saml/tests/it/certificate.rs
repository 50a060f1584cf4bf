//! The lives of certificates where they are used: the first use is noted once, one that leaves leaves on time, and our own
//! keys are followed up.

use std::{collections::BTreeMap, time::Duration};

use vestibule_host::{Job, Turn};
use vestibule_rpc::saml::v1::GetServiceProviderMetadataRequest;
use vestibule_saml_idp::{IdentityProvider, Subject};
use vestibule_saml_service::{Config, KeyJob};
use vestibule_tenancy::connection::{self, NewCertificates, OVERLAP_MAX, ObserveMetadata, Provenance};

use crate::world::{Customer, World, ada, identity_provider, metadata, signing_key};

const DAY: Duration = Duration::from_hours(24);

const PROMOTED: &str = "connection.certificate_promoted";

impl World {
    /// Reads our metadata: how many keys to verify with and to encrypt for stand in it.
    async fn publish(&self, customer: &Customer) -> (usize, usize) {
        let request = GetServiceProviderMetadataRequest { connection: customer.connection.to_string() };
        let published = self.saml().get_service_provider_metadata(request).await.unwrap().into_inner();
        let count = |text: &str| published.metadata_xml.matches(text).count();
        (count("use=\"signing\""), count("use=\"encryption\""))
    }

    /// Waits until so many events of this name are in the log.
    async fn until(&self, name: &str, count: usize) {
        let mut changes = self.log.changes();
        while self.count(name).await < count {
            changes.changed().await.unwrap();
        }
    }
}

/// The customer after the identity provider has changed its key.
fn renewed(customer: &Customer) -> Customer {
    let idp = IdentityProvider::new(customer.idp.entity_id(), customer.idp.sso_url(), signing_key());
    Customer { organization: customer.organization, connection: customer.connection, idp }
}

#[tokio::test]
async fn the_first_use_of_a_certificate_is_noted_once() {
    let world = World::start().await;
    let before = world.customer("acme", "acme.test").await;
    let acme = renewed(&before);
    assert_eq!(world.refused_sign_in(&acme, &ada()).await.reason, "CERTIFICATE_NOT_TRUSTED");
    let observed = ObserveMetadata {
        metadata: metadata(&acme.idp),
        trust: NewCertificates::Trust,
        at: world.clock_now(),
        provenance: Provenance::default(),
    };
    world.change_connection(&before, connection::Command::ObserveMetadata(observed)).await;
    world.settle().await;
    let known = world.count(PROMOTED).await;
    let (ada, first, second) = (ada(), Subject::persistent("one"), Subject::persistent("two"));
    tokio::join!(world.sign_in(&acme, &ada), world.sign_in(&acme, &first), world.sign_in(&acme, &second));
    world.until(PROMOTED, known + 1).await;
    world.settle().await;
    for _ in 0..3 {
        world.sign_in(&acme, &ada).await;
    }
    world.settle().await;
    assert_eq!(world.count(PROMOTED).await, known + 1);
    let noted = world.events().await.into_iter().rfind(|event| event.name == PROMOTED).unwrap();
    let noted = noted.decode::<connection::Event>().unwrap();
    let fingerprint = metadata(&acme.idp).certificates[0].fingerprint.clone();
    assert_eq!(noted, connection::CertificatePromoted { fingerprint }.into());
}

#[tokio::test]
async fn a_certificate_that_metadata_dropped_is_refused_on_time_whether_or_not_anybody_noted_it() {
    let world = World::start().await;
    let old = world.customer("acme", "acme.test").await;
    let new = renewed(&old);
    let observed = ObserveMetadata {
        metadata: metadata(&new.idp),
        trust: NewCertificates::Trust,
        at: world.clock_now(),
        provenance: Provenance::default(),
    };
    world.change_connection(&old, connection::Command::ObserveMetadata(observed)).await;
    world.settle().await;
    world.sign_in(&old, &ada()).await;
    world.sign_in(&new, &ada()).await;
    world.clock.advance(OVERLAP_MAX.checked_sub(Duration::from_secs(1)).unwrap());
    world.sign_in(&old, &ada()).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.refused_sign_in(&old, &ada()).await.reason, "CERTIFICATE_NOT_TRUSTED");
    world.sign_in(&new, &ada()).await;
    assert_eq!(world.count("connection.certificate_retired").await, 0, "nobody has noted it yet");
}

#[tokio::test]
async fn a_connection_whose_only_certificate_left_trusts_nobody() {
    let world = World::start().await;
    let old = world.customer("acme", "acme.test").await;
    let new = renewed(&old);
    let (metadata, trust) = (metadata(&new.idp), NewCertificates::AwaitApproval);
    let observed = ObserveMetadata { metadata, trust, at: world.clock_now(), provenance: Provenance::default() };
    world.change_connection(&old, connection::Command::ObserveMetadata(observed)).await;
    world.settle().await;
    assert_eq!(world.refused_sign_in(&new, &ada()).await.reason, "CERTIFICATE_NOT_TRUSTED");
    world.sign_in(&old, &ada()).await;
    world.clock.advance(OVERLAP_MAX);
    for customer in [&old, &new] {
        assert_eq!(world.refused_sign_in(customer, &ada()).await.reason, "NO_TRUSTED_CERTIFICATE");
    }
    let fingerprint = crate::world::metadata(&new.idp).certificates[0].fingerprint.clone();
    world.change_connection(&old, connection::Command::TrustCertificate { fingerprint }).await;
    world.settle().await;
    world.sign_in(&new, &ada()).await;
    assert_eq!(world.refused_sign_in(&old, &ada()).await.reason, "CERTIFICATE_NOT_TRUSTED");
}

#[tokio::test]
async fn our_keys_follow_each_other_in_time_and_whoever_has_to_act_is_told() {
    let world = World::start().await;
    let customer = world.connect(world.organization("acme").await, identity_provider("acme")).await;
    let config = Config { key_overlap_days: 30, key_rotation_days: 365, ..Config::default() };
    let job = KeyJob::new(&world.resources, &config);
    let round = async || job.round(&Turn::alone()).await.unwrap();
    assert_eq!(round().await, 0, "a connection that nobody has read the metadata of has no keys");
    world.publish(&customer).await;
    let told = async || {
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for event in world.events().await.into_iter().filter(|event| event.name.starts_with("connection.key_")) {
            *told.entry(event.name).or_default() += 1;
        }
        let mut of = |name: &str| told.remove(&format!("connection.key_{name}")).unwrap_or(0);
        (of("added"), of("action_required"), of("activated"), of("retired"))
    };
    round().await;
    assert_eq!(told().await, (2, 0, 2, 0));
    for _ in 1..365 {
        world.clock.advance(DAY);
        round().await;
    }
    assert_eq!(told().await, (2, 0, 2, 0));
    assert_eq!(world.publish(&customer).await, (1, 1));
    world.clock.advance(DAY);
    round().await;
    assert_eq!(world.publish(&customer).await, (2, 2), "old and new stand in the metadata");
    assert_eq!(told().await, (4, 1, 3, 0), "the new one signs in 30 days, and is encrypted for at once");
    for days in 1..=30 {
        world.clock.advance(DAY);
        round().await;
        let warned = [16, 23, 27, 29].iter().filter(|due| **due <= days).count();
        assert_eq!(told().await, (4, 1 + warned, if days < 30 { 3 } else { 4 }, 0), "day {days}");
    }
    for _ in 30..365 {
        world.clock.advance(DAY);
        round().await;
    }
    assert_eq!(world.publish(&customer).await, (2, 2));
    assert_eq!(told().await, (6, 6, 5, 2), "the third generation retires the first");
}
