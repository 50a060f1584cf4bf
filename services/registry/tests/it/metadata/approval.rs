use tonic::Code;
use vestibule_rpc::registry::v1::{
    ApproveMetadataChangeRequest, ConnectionWarning, DeclineMetadataChangeRequest, SamlIdentityProvider,
    refresh_metadata_response::Outcome,
};

use super::publisher::{Publisher, at_host, key, metadata, registry, source};
use crate::registry::{assert_refused, saml_of};

#[tokio::test]
async fn another_host_counts_only_after_a_look() {
    let (registry, acme) = registry().await;
    let (old, new) = (key("old"), key("new"));
    let publisher = Publisher::of(metadata(&[&old])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    publisher.publish(at_host("idp.evil.test", &[&new]));
    assert_eq!(registry.refresh(&made.name).await.outcome(), Outcome::Changed);
    let saml = registry.look(&made.name).await;
    assert_eq!(saml.single_sign_on[0].location, "https://idp.acme.test/sso", "nothing of it counts");
    assert_eq!(saml.certificates.len(), 1);
    let pending = saml.pending_metadata_change.unwrap();
    assert!(!pending.declined);
    let told = pending.differences.join("\n");
    assert!(told.contains("- HttpRedirect https://idp.acme.test/sso"), "{told}");
    assert!(told.contains("+ HttpRedirect https://idp.evil.test/sso"), "{told}");
    assert!(told.contains("certificate: + "), "{told}");
    let warnings: Vec<ConnectionWarning> = saml.warnings;
    assert!(warnings.iter().any(|warning| warning.reason == "METADATA_CHANGE_PENDING"), "{warnings:?}");

    // What was looked at is what is approved.
    publisher.publish(at_host("idp.third.test", &[&new]));
    registry.refresh(&made.name).await;
    let (name, change) = (made.name.clone(), pending.change);
    let stale = ApproveMetadataChangeRequest { name: name.clone(), change: change.clone() };
    let outcome = registry.connections().approve_metadata_change(stale).await;
    assert_refused(outcome, Code::Aborted, "METADATA_CHANGE_OUTDATED");
    let outcome = registry.connections().decline_metadata_change(DeclineMetadataChangeRequest { name, change }).await;
    assert_refused(outcome, Code::Aborted, "METADATA_CHANGE_OUTDATED");
    let change = registry.look(&made.name).await.pending_metadata_change.unwrap().change;
    let approve = ApproveMetadataChangeRequest { name: made.name.clone(), change };
    let approved = registry.connections().approve_metadata_change(approve.clone()).await.unwrap().into_inner();
    let saml = saml_of(approved.connection.as_ref().unwrap()).clone();
    assert_eq!(saml.single_sign_on[0].location, "https://idp.third.test/sso");
    assert_eq!((saml.certificates.len(), saml.pending_metadata_change), (2, None));
    let outcome = registry.connections().approve_metadata_change(approve).await;
    assert_refused(outcome, Code::FailedPrecondition, "METADATA_CHANGE_NOT_PROPOSED");
    // From now on that is where it is.
    assert_eq!(registry.refresh(&made.name).await.outcome(), Outcome::Unchanged);
}

#[tokio::test]
async fn another_entity_id_can_be_declined_for_good_and_approved_after_all() {
    let (registry, acme) = registry().await;
    let document = metadata(&[&key("a")]);
    let publisher = Publisher::of(document.clone()).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let moved = document.replace("https://idp.acme.test/saml", "https://idp.acme.test/other");
    publisher.publish(moved);
    registry.refresh(&made.name).await;
    let begun = registry.happened(0).await.len();
    let change = registry.look(&made.name).await.pending_metadata_change.unwrap().change;
    let decline = DeclineMetadataChangeRequest { name: made.name.clone(), change: change.clone() };
    for _ in 0..2 {
        registry.connections().decline_metadata_change(decline.clone()).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(registry.refresh(&made.name).await.outcome(), Outcome::Unchanged);
    }
    assert_eq!(registry.happened(begun).await, ["connection.metadata_change_settled"]);
    let saml = registry.look(&made.name).await;
    assert_eq!(saml.entity_id, "https://idp.acme.test/saml");
    assert!(saml.pending_metadata_change.unwrap().declined);
    let approve = ApproveMetadataChangeRequest { name: made.name.clone(), change };
    registry.connections().approve_metadata_change(approve).await.unwrap();
    assert_eq!(registry.look(&made.name).await.entity_id, "https://idp.acme.test/other");
}

#[tokio::test]
async fn new_certificates_may_have_to_be_approved() {
    let (registry, acme) = registry().await;
    let (old, new) = (key("old"), key("new"));
    let publisher = Publisher::of(metadata(&[&old])).await;
    let careful = SamlIdentityProvider { approve_new_certificates: true, ..source(publisher.url()) };
    let made = registry.connect(&acme, careful).await.unwrap();
    let begun = registry.happened(0).await.len();
    publisher.publish(metadata(&[&old, &new]));
    assert_eq!(registry.refresh(&made.name).await.outcome(), Outcome::Changed);
    assert_eq!(registry.happened(begun).await, ["connection.certificate_observed", "connection.metadata_refreshed"]);
    let saml = registry.look(&made.name).await;
    assert_eq!(saml.certificates.len(), 1, "it is not trusted");
}
