use base64::{Engine, prelude::BASE64_STANDARD};
use tonic::Code;
use vestibule_rpc::registry::v1::{RefreshMetadataRequest, SamlIdentityProvider, UpdateConnectionRequest};
use vestibule_saml_idp::{SignatureAlgorithm, SignatureProfile, SigningKey};

use super::publisher::{Publisher, at_host, connection, key, metadata, registry, source};
use crate::registry::{Registry, assert_field, assert_refused, saml_of};

/// The document, signed as a whole.
pub(super) fn signed(key: &SigningKey, document: &str) -> String {
    let document = document.replacen(" entityID=", " ID=\"_m\" entityID=", 1);
    key.sign_element(&document, "_m", &SignatureProfile::new(SignatureAlgorithm::EcdsaSha256)).unwrap()
}

#[tokio::test]
async fn a_connection_begins_with_what_lies_at_the_address() {
    let (registry, acme) = registry().await;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let saml = registry.look(&made.name).await;
    assert_eq!((saml.entity_id.as_str(), saml.certificates.len()), ("https://idp.acme.test/saml", 1));
    assert_eq!(saml.metadata_url, publisher.url());
    let status = saml.metadata_status.unwrap();
    assert!(status.success_time.is_some() && status.next_time.is_some() && status.reason.is_empty());
    assert_eq!(publisher.asked(), 1);
    // Lists tell where, and not how it goes.
    assert_eq!(saml_of(&made).metadata_url, publisher.url());
}

#[tokio::test]
async fn nothing_is_made_of_what_cannot_be_used() {
    let (registry, acme) = registry().await;
    let field = "connection.saml.metadata_url";
    let publisher = Publisher::of("<html>not found</html>").await;
    let refused = |saml| registry.connect(&acme, saml);
    assert_field(refused(source(publisher.url())).await, "METADATA_NOT_SAML", field);
    publisher.publish(" ".repeat(600 * 1024));
    assert_field(refused(source(publisher.url())).await, "FETCH_TOO_LARGE", field);
    publisher.break_down();
    assert_field(refused(source(publisher.url())).await, "FETCH_STATUS", field);
    let document = metadata(&[&key("a")]);
    publisher.publish(document.replacen(" entityID=", " validUntil=\"2026-11-21T09:59:59Z\" entityID=", 1));
    assert_field(refused(source(publisher.url())).await, "METADATA_EXPIRED", field);
    for (address, reason) in [
        ("ftp://idp.acme.test/", "FETCH_ADDRESS_MALFORMED"),
        ("https://user:password@idp.acme.test/", "FETCH_ADDRESS_MALFORMED"),
        ("https://10.0.0.1/metadata", "FETCH_ADDRESS_REFUSED"),
        ("http://169.254.169.254/latest/meta-data/", "FETCH_ADDRESS_REFUSED"),
        ("http://[::1]/", "FETCH_ADDRESS_REFUSED"),
    ] {
        assert_field(refused(source(address)).await, reason, field);
    }
    publisher.publish(document.clone());
    let both = SamlIdentityProvider { metadata_xml: document, ..source(publisher.url()) };
    assert_field(refused(both).await, "METADATA_AMBIGUOUS", field);
    let neither = SamlIdentityProvider::default();
    assert_field(refused(neither).await, "FIELD_REQUIRED", "connection.saml.metadata_xml");
    let pin = SamlIdentityProvider { metadata_signing_certificate: "MIIB".to_owned(), ..source(publisher.url()) };
    assert_field(refused(pin).await, "CERTIFICATE_MALFORMED", "connection.saml.metadata_signing_certificate");
    assert!(registry.happened(0).await.is_empty());
}

#[tokio::test]
async fn without_a_setting_the_own_network_is_not_read() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let field = "connection.saml.metadata_url";
    assert_field(registry.connect(&acme, source(publisher.url())).await, "FETCH_ADDRESS_NOT_HTTPS", field);
    let secure = publisher.url().replace("http:", "https:");
    assert_field(registry.connect(&acme, source(&secure)).await, "FETCH_ADDRESS_REFUSED", field);
    assert_eq!(publisher.asked(), 0);
}

#[tokio::test]
async fn what_a_pinned_key_did_not_sign_is_not_believed() {
    let (registry, acme) = registry().await;
    let (federation, stranger, idp) = (key("federation"), key("stranger"), key("a"));
    let document = metadata(&[&idp]);
    let publisher = Publisher::of(document.clone()).await;
    let pinned = || SamlIdentityProvider {
        metadata_signing_certificate: BASE64_STANDARD.encode(federation.certificate_der()),
        ..source(publisher.url())
    };
    let field = "connection.saml.metadata_url";
    assert_field(registry.connect(&acme, pinned()).await, "METADATA_SIGNATURE_MISSING", field);
    publisher.publish(signed(&stranger, &document));
    assert_field(registry.connect(&acme, pinned()).await, "METADATA_SIGNATURE_INVALID", field);
    publisher.publish(signed(&federation, &document));
    let made = registry.connect(&acme, pinned()).await.unwrap();
    // What comes later has to be signed, too: it is as if it had not come.
    publisher.publish(metadata(&[&idp, &stranger]));
    let status = saml_of(&registry.refresh(&made.name).await.connection.unwrap()).metadata_status.clone().unwrap();
    assert_eq!((status.reason.as_str(), status.failures), ("METADATA_SIGNATURE_MISSING", 1));
    assert_eq!(registry.look(&made.name).await.certificates.len(), 1);
    publisher.publish(signed(&federation, &metadata(&[&idp, &key("b")])));
    registry.refresh(&made.name).await;
    assert_eq!(registry.look(&made.name).await.certificates.len(), 2);
}

#[tokio::test]
async fn a_connection_may_begin_and_cease_to_be_read_from_an_address() {
    let (registry, acme) = registry().await;
    let (old, new) = (key("old"), key("new"));
    let made = registry.create_connection(&acme, &metadata(&[&old])).await.unwrap();
    let refresh = RefreshMetadataRequest { name: made.name.clone() };
    let outcome = registry.connections().refresh_metadata(refresh.clone()).await;
    assert_refused(outcome, Code::FailedPrecondition, "METADATA_URL_MISSING");
    let publisher = Publisher::of(metadata(&[&old, &new])).await;
    let update = async |saml, paths: &[&str]| {
        let changed = vestibule_rpc::registry::v1::Connection { name: made.name.clone(), ..connection(saml) };
        let paths = paths.iter().map(|path| format!("saml.{path}")).collect();
        let update_mask = Some(prost_types::FieldMask { paths });
        let request = UpdateConnectionRequest { connection: Some(changed), update_mask };
        registry.connections().update_connection(request).await
    };
    let approve = SamlIdentityProvider { approve_new_certificates: true, ..SamlIdentityProvider::default() };
    let outcome = update(approve.clone(), &["approve_new_certificates"]).await;
    assert_field(outcome, "FIELD_REQUIRED", "connection.saml.metadata_url");
    update(source(publisher.url()), &["metadata_url"]).await.unwrap();
    let saml = registry.look(&made.name).await;
    assert_eq!((saml.certificates.len(), saml.metadata_url.as_str()), (2, publisher.url()));
    // What does not change where it comes from does not read it again.
    update(approve, &["approve_new_certificates"]).await.unwrap();
    assert_eq!(publisher.asked(), 1);
    // An address where something else is, is not taken: what was known still counts.
    let elsewhere = Publisher::of(at_host("idp.other.test", &[&new]).replace("idp.acme.test", "idp.other.test")).await;
    assert_field(
        update(source(elsewhere.url()), &["metadata_url"]).await,
        "ENTITY_ID_IMMUTABLE",
        "connection.saml.metadata_xml",
    );
    assert_eq!(registry.look(&made.name).await.metadata_url, publisher.url());
    update(SamlIdentityProvider::default(), &["metadata_url"]).await.unwrap();
    let saml = registry.look(&made.name).await;
    assert_eq!((saml.metadata_url.as_str(), saml.metadata_status, saml.certificates.len()), ("", None, 2));
    let outcome = registry.connections().refresh_metadata(refresh).await;
    assert_refused(outcome, Code::FailedPrecondition, "METADATA_URL_MISSING");
}
