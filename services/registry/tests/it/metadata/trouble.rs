//! Trouble of our own, and documents that cannot be recorded: neither makes an identity provider be asked all the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use serde_json::Value;
use vestibule_eventlog::{Cursor, ReadError, ViewWrite, Views};
use vestibule_host::{Job, Resources, Turn};
use vestibule_kernel::OrganizationId;
use vestibule_registry_service::MetadataJob;
use vestibule_saml_idp::IdentityProvider;

use super::publisher::{Publisher, config, key, metadata, registry, source};

const HOUR: Duration = Duration::from_hours(1);

/// Views that take nothing any more once they are told to.
struct Full {
    views: Arc<dyn Views>,
    is_full: AtomicBool,
}

#[async_trait::async_trait]
impl Views for Full {
    async fn checkpoint(&self, view: &str) -> Result<Option<Cursor>, ReadError> {
        self.views.checkpoint(view).await
    }

    async fn advance(
        &self,
        view: &str,
        from: Option<Cursor>,
        to: Cursor,
        writes: &[ViewWrite],
    ) -> Result<bool, ReadError> {
        if self.is_full.load(Ordering::SeqCst) && view == "registry.metadata.v1" {
            return Err(ReadError::Unavailable("the disk is full".into()));
        }
        self.views.advance(view, from, to, writes).await
    }

    async fn get(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        key: &str,
    ) -> Result<Option<Value>, ReadError> {
        self.views.get(view, organization, key).await
    }

    async fn list(
        &self,
        view: &str,
        organization: Option<OrganizationId>,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Value)>, ReadError> {
        self.views.list(view, organization, after, max).await
    }
}

#[tokio::test]
async fn whoever_cannot_note_what_was_read_reads_it_more_and_more_seldom() {
    let (registry, acme) = registry().await;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let full = Arc::new(Full { views: Arc::clone(&registry.resources.views), is_full: AtomicBool::new(true) });
    let resources = Resources { views: Arc::clone(&full) as Arc<dyn Views>, ..registry.resources.clone() };
    let (job, turn) = (MetadataJob::new(&resources, &config()), Turn::alone());
    registry.clock.advance(6 * HOUR);
    let mut asked = publisher.asked();
    // Chance shortens a pause by a fifth at most.
    for pause in [5, 10, 20, 40, 80, 160, 320, 360, 360] {
        job.round(&turn).await.unwrap();
        asked += 1;
        assert_eq!(publisher.asked(), asked, "after {pause}");
        for part in [0, 79] {
            registry.clock.advance(Duration::from_secs(60 * pause * part / 100));
            job.round(&turn).await.unwrap();
            assert_eq!(publisher.asked(), asked, "{part} % of {pause} minutes");
        }
        registry.clock.advance(Duration::from_secs(60 * pause * 21 / 100));
    }
    full.is_full.store(false, Ordering::SeqCst);
    job.round(&turn).await.unwrap();
    assert!(registry.look(&made.name).await.metadata_status.unwrap().reason.is_empty());
    // From then on it is due as ever.
    registry.clock.advance(6 * HOUR);
    job.round(&turn).await.unwrap();
    assert_eq!(publisher.asked(), asked + 2);
}

/// The metadata of somebody whose certificates are as large as they may be.
fn huge() -> String {
    let certificate = |number: u8| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![number; 15_000]));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    };
    let idp = IdentityProvider::new("https://idp.acme.test/saml", "https://elsewhere.acme.test/sso", key("a"));
    (0..15).fold(idp, |idp, number| idp.publishing(certificate(number))).metadata_xml()
}

#[tokio::test]
async fn a_document_that_cannot_be_recorded_is_told_and_not_read_all_the_time() {
    let (registry, acme) = registry().await;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let (job, turn) = (registry.job(), Turn::alone());
    registry.clock.advance(6 * HOUR);
    job.round(&turn).await.unwrap();
    let (begun, asked) = (registry.happened(0).await.len(), publisher.asked());
    // It would await approval as one event, which is larger than one may be.
    publisher.publish(huge());
    registry.clock.advance(6 * HOUR);
    for _ in 0..3 {
        job.round(&turn).await.unwrap();
        registry.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(publisher.asked(), asked + 1);
    let status = registry.look(&made.name).await.metadata_status.unwrap();
    assert_eq!((status.reason.as_str(), status.failures), ("METADATA_UNUSABLE", 1));
    assert_eq!(registry.happened(begun).await, ["connection.metadata_refresh_failed"]);
}

#[tokio::test]
async fn a_document_that_is_not_there_is_not_its_hosts_trouble() {
    let (registry, acme) = registry().await;
    let lost = Publisher::of(metadata(&[&key("a")])).await;
    for _ in 0..4 {
        registry.connect(&acme, source(lost.url())).await.unwrap();
    }
    let there = Publisher::of(metadata(&[&key("b")])).await;
    registry.clock.advance(Duration::from_secs(1));
    registry.connect(&acme, source(there.url())).await.unwrap();
    lost.publish("<html>gone</html>");
    registry.clock.advance(6 * HOUR);
    registry.job().round(&Turn::alone()).await.unwrap();
    assert_eq!((lost.asked(), there.asked()), (4 + 4, 1 + 1));
}
