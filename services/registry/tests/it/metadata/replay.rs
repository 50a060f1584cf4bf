//! Old copies of metadata, whether somebody on the way sends them or a mirror is stale.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use tonic::Code;
use vestibule_host::{Job, Turn};
use vestibule_rpc::registry::v1::{
    ApproveMetadataChangeRequest, Connection, DeclineMetadataChangeRequest, SamlIdentityProvider,
    UpdateConnectionRequest, refresh_metadata_response::Outcome,
};
use vestibule_saml_idp::SigningKey;

use super::{
    import::signed,
    publisher::{Publisher, at_host, connection, key, metadata, registry, source},
};
use crate::registry::{Registry, assert_refused};

const HOUR: Duration = Duration::from_hours(1);

/// What the federation signs: these certificates, with these attributes on the document.
fn document(federation: &SigningKey, attributes: &str, keys: &[&SigningKey]) -> String {
    signed(federation, &metadata(keys).replacen(" entityID=", &format!(" {attributes} entityID="), 1))
}

fn pinned(federation: &SigningKey, publisher: &Publisher) -> SamlIdentityProvider {
    let metadata_signing_certificate = BASE64_STANDARD.encode(federation.certificate_der());
    SamlIdentityProvider { metadata_signing_certificate, ..source(publisher.url()) }
}

/// The provider rotates from one key to the next; the old one is retired after its overlap.
async fn rotated(publisher: &Publisher, registry: &Registry, name: &str, documents: [&String; 2]) {
    let (job, turn) = (registry.job(), Turn::alone());
    for document in documents {
        publisher.publish(document.clone());
        registry.clock.advance(24 * HOUR);
        job.round(&turn).await.unwrap();
    }
    assert_eq!(registry.look(name).await.certificates.len(), 2, "the old one overlaps");
}

#[tokio::test]
async fn a_genuine_old_document_brings_no_removed_certificate_back() {
    let (registry, acme) = registry().await;
    let (federation, old, new) = (key("federation"), key("old"), key("new"));
    let documents = [&[&old] as &[&SigningKey], &[&old, &new], &[&new]].map(|keys| document(&federation, "", keys));
    let publisher = Publisher::of(documents[0].clone()).await;
    let made = registry.connect(&acme, pinned(&federation, &publisher)).await.unwrap();
    registry.job().round(&Turn::alone()).await.unwrap();
    rotated(&publisher, &registry, &made.name, [&documents[1], &documents[2]]).await;
    for hours in [1, 48] {
        for replayed in &documents[..2] {
            publisher.publish(replayed.clone());
            registry.clock.advance(hours * HOUR);
            registry.refresh(&made.name).await;
            let saml = registry.look(&made.name).await;
            let pending = saml.pending_metadata_change.unwrap();
            let told = pending.differences.join("\n");
            assert!(told.contains("certificate: named again: "), "{told}");
            assert!(saml.warnings.iter().any(|warning| warning.reason == "METADATA_CHANGE_PENDING"));
            // It leaves when it would have left.
            assert_eq!(saml.certificates.len(), if hours == 1 { 2 } else { 1 });
        }
    }
    // What counts is there again.
    publisher.publish(documents[2].clone());
    registry.refresh(&made.name).await;
    let saml = registry.look(&made.name).await;
    assert_eq!((saml.certificates.len(), saml.pending_metadata_change), (1, None));
}

#[tokio::test]
async fn a_document_that_is_older_by_its_own_stamp_is_refused() {
    let stamps = |attribute: fn(&str) -> String| [attribute("2026-12-20T00:00:00Z"), attribute("2026-12-25T00:00:00Z")];
    for [early, late] in [
        stamps(|until| format!("validUntil=\"{until}\"")),
        [String::new(), "validUntil=\"2026-12-25T00:00:00Z\"".into()],
    ] {
        let (registry, acme) = registry().await;
        let (federation, old, new) = (key("federation"), key("old"), key("new"));
        let publisher = Publisher::of(document(&federation, &late, &[&old])).await;
        let made = registry.connect(&acme, pinned(&federation, &publisher)).await.unwrap();
        registry.refresh(&made.name).await;
        let begun = registry.happened(0).await.len();
        // One that nobody here has ever seen.
        publisher.publish(document(&federation, &early, &[&old, &new]));
        assert_eq!(registry.refresh(&made.name).await.outcome(), Outcome::Failed);
        let saml = registry.look(&made.name).await;
        assert_eq!(saml.certificates.len(), 1);
        assert_eq!(saml.metadata_status.unwrap().reason, "METADATA_OUTDATED");
        assert_eq!(registry.happened(begun).await, ["connection.metadata_refresh_failed"]);
        // An old copy of what counts is no news, and a newer document is.
        publisher.publish(document(&federation, &early, &[&old]));
        assert_eq!(registry.refresh(&made.name).await.outcome(), Outcome::Unchanged);
        publisher.publish(document(&federation, "validUntil=\"2026-12-26T00:00:00Z\"", &[&old, &new]));
        assert_eq!(registry.refresh(&made.name).await.outcome(), Outcome::Changed);
        assert_eq!(registry.look(&made.name).await.certificates.len(), 2);
    }
}

#[tokio::test]
async fn a_proposal_that_has_grown_old_is_not_approved() {
    let (registry, acme) = registry().await;
    let key = key("a");
    let publisher = Publisher::of(metadata(&[&key])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let until = |text: &str| {
        at_host("idp.new.test", &[&key]).replacen(" entityID=", &format!(" validUntil=\"{text}\" entityID="), 1)
    };
    publisher.publish(until("2026-11-22T10:00:00Z"));
    registry.refresh(&made.name).await;
    let change = registry.look(&made.name).await.pending_metadata_change.unwrap().change;
    let approve = ApproveMetadataChangeRequest { name: made.name.clone(), change: change.clone() };
    registry.clock.advance(24 * HOUR);
    let outcome = registry.connections().approve_metadata_change(approve.clone()).await;
    assert_refused(outcome, Code::FailedPrecondition, "METADATA_CHANGE_EXPIRED");
    // Declining it is no danger; and what is there now is looked at.
    publisher.publish(until("2026-11-30T10:00:00Z"));
    registry.refresh(&made.name).await;
    let decline = DeclineMetadataChangeRequest { name: made.name.clone(), change };
    registry.connections().decline_metadata_change(decline).await.unwrap();
    registry.connections().approve_metadata_change(approve).await.unwrap();
    assert_eq!(registry.look(&made.name).await.single_sign_on[0].location, "https://idp.new.test/sso");
}

#[tokio::test]
async fn what_another_address_has_proposed_is_not_approved() {
    let (registry, acme) = registry().await;
    let key = key("a");
    let publisher = Publisher::of(metadata(&[&key])).await;
    let other = Publisher::of(metadata(&[&key])).await;
    for (saml, path) in
        [(source(other.url()), "saml.metadata_url"), (SamlIdentityProvider::default(), "saml.metadata_url")]
    {
        for declined in [false, true] {
            publisher.publish(metadata(&[&key]));
            let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
            publisher.publish(at_host("idp.evil.test", &[&key]));
            registry.refresh(&made.name).await;
            let change = registry.look(&made.name).await.pending_metadata_change.unwrap().change;
            if declined {
                let decline = DeclineMetadataChangeRequest { name: made.name.clone(), change: change.clone() };
                registry.connections().decline_metadata_change(decline).await.unwrap();
            }
            let changed = Connection { name: made.name.clone(), ..connection(saml.clone()) };
            let update_mask = Some(prost_types::FieldMask { paths: vec![path.to_owned()] });
            let update = UpdateConnectionRequest { connection: Some(changed), update_mask };
            registry.connections().update_connection(update).await.unwrap();
            let approve = ApproveMetadataChangeRequest { name: made.name.clone(), change };
            let outcome = registry.connections().approve_metadata_change(approve).await;
            assert_refused(outcome, Code::FailedPrecondition, "METADATA_CHANGE_NOT_PROPOSED");
            let saml = registry.look(&made.name).await;
            assert_eq!(saml.single_sign_on[0].location, "https://idp.acme.test/sso");
        }
    }
}
