use prost_types::FieldMask;
use tonic::Code;
use vestibule_rpc::registry::v1::{
    Connection, DisableConnectionRequest, EnableConnectionRequest, GetConnectionRequest, UpdateConnectionRequest,
    connection::State, single_sign_on_endpoint::Binding,
};
use vestibule_saml_idp::IdentityProvider;

use crate::registry::{
    Registry, assert_field, assert_refused, identity_provider, saml_connection, saml_of, signing_key,
};

async fn get(registry: &Registry, name: &str) -> Result<Connection, tonic::Status> {
    let request = GetConnectionRequest { name: name.to_owned() };
    Ok(registry.connections().get_connection(request).await?.into_inner().connection.unwrap())
}

async fn update(registry: &Registry, connection: Connection, paths: &[&str]) -> Result<Connection, tonic::Status> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = UpdateConnectionRequest { connection: Some(connection), update_mask: Some(FieldMask { paths }) };
    Ok(registry.connections().update_connection(request).await?.into_inner().connection.unwrap())
}

fn with_metadata(connection: &Connection, metadata: &str) -> Connection {
    Connection { name: connection.name.clone(), ..saml_connection("", metadata) }
}

fn fingerprints(connection: &Connection) -> Vec<&str> {
    saml_of(connection).certificates.iter().map(|certificate| certificate.sha256_fingerprint.as_str()).collect()
}

#[tokio::test]
async fn a_connection_is_made_of_metadata_and_begins_disabled() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let second = signing_key();
    let idp = identity_provider().publishing(second.certificate_der());
    let created = registry.create_connection(&acme.name, &idp.metadata_xml()).await.unwrap();
    assert_eq!((created.state(), created.display_name.as_str()), (State::Disabled, "Acme Entra ID"));
    let saml = saml_of(&created);
    assert_eq!(saml.metadata_xml, "");
    assert_eq!(saml.entity_id, "https://idp.acme.test/saml");
    let endpoints: Vec<_> = saml.single_sign_on.iter().map(|sso| (sso.binding(), sso.location.as_str())).collect();
    let sso = "https://idp.acme.test/sso";
    assert_eq!(endpoints, [(Binding::HttpRedirect, sso), (Binding::HttpPost, sso)]);
    assert_eq!(saml.certificates.len(), 2);
    let certificate = &saml.certificates[1];
    assert_eq!(certificate.sha256_fingerprint.len(), 64);
    assert!(certificate.subject.contains("idp.acme.test"));
    assert_eq!(certificate.not_after.unwrap().seconds, 1_830_297_600, "2028-01-01");
    let id = created.name.rsplit('/').next().unwrap();
    let entity_id = format!("https://login.vestibule.test/saml/{id}");
    assert_eq!(saml.service_provider_entity_id, entity_id);
    assert_eq!(saml.assertion_consumer_service_url, format!("{entity_id}/acs"));
    assert_eq!(saml.service_provider_metadata_url, format!("{entity_id}/metadata"));
    assert_eq!(get(&registry, &created.name).await.unwrap(), created);
}

#[tokio::test]
async fn the_same_identity_provider_may_serve_many_organizations() {
    let registry = Registry::start().await;
    let metadata = identity_provider().metadata_xml();
    for slug in ["acme", "globex"] {
        let organization = registry.create_organization(slug).await;
        registry.create_connection(&organization.name, &metadata).await.unwrap();
    }
}

#[tokio::test]
async fn metadata_that_cannot_be_trusted_is_refused_with_its_own_reason() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let good = identity_provider().metadata_xml();
    let start = good.find("<md:KeyDescriptor").unwrap();
    let end = good.rfind("</md:KeyDescriptor>").unwrap() + "</md:KeyDescriptor>".len();
    let without_key = format!("{}{}", &good[..start], &good[end..]);
    let expired = good.replace("entityID=", "validUntil=\"2026-01-01T00:00:00Z\" entityID=");
    let oversized = format!("{good}<!--{}-->", "x".repeat(512 * 1024));
    for (metadata, reason) in [
        ("", "FIELD_REQUIRED"),
        ("<html/>", "METADATA_NOT_SAML"),
        ("not xml", "METADATA_MALFORMED"),
        (&without_key, "METADATA_WITHOUT_SIGNING_CERTIFICATE"),
        (&expired, "METADATA_EXPIRED"),
        (&oversized, "METADATA_TOO_LARGE"),
    ] {
        let outcome = registry.create_connection(&acme.name, metadata).await;
        assert_field(outcome, reason, "connection.saml.metadata_xml");
    }
}

#[tokio::test]
async fn new_metadata_trusts_new_certificates_and_retires_old_ones() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let (old, new) = (signing_key(), signing_key());
    let idp = |key| IdentityProvider::new("https://idp.acme.test/saml", "https://idp.acme.test/sso", key);
    let before = registry.create_connection(&acme.name, &idp(old.clone()).metadata_xml()).await.unwrap();
    let overlap = idp(new.clone()).publishing(old.certificate_der()).metadata_xml();
    let during = update(&registry, with_metadata(&before, &overlap), &["saml.metadata_xml"]).await.unwrap();
    assert_eq!(saml_of(&during).certificates.len(), 2);
    assert_eq!(fingerprints(&during)[0], fingerprints(&before)[0]);
    assert_eq!(during.display_name, before.display_name);
    let after = update(&registry, with_metadata(&before, &idp(new).metadata_xml()), &[]).await.unwrap();
    assert_eq!(fingerprints(&after), [fingerprints(&during)[1]]);
    assert_eq!(saml_of(&after).assertion_consumer_service_url, saml_of(&before).assertion_consumer_service_url);

    let names: Vec<String> = registry.events().await.into_iter().map(|event| event.name).collect();
    let certificates: Vec<&String> = names.iter().filter(|name| name.contains("certificate")).collect();
    assert_eq!(
        certificates,
        ["connection.certificate_trusted", "connection.certificate_overlapping", "connection.certificate_retired"]
    );
}

#[tokio::test]
async fn the_entity_id_never_changes() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let created = registry.create_connection(&acme.name, &identity_provider().metadata_xml()).await.unwrap();
    let other = IdentityProvider::new("https://idp.evil.test/saml", "https://idp.evil.test/sso", signing_key());
    let outcome = update(&registry, with_metadata(&created, &other.metadata_xml()), &[]).await;
    assert_field(outcome, "ENTITY_ID_IMMUTABLE", "connection.saml.metadata_xml");
    assert_eq!(get(&registry, &created.name).await.unwrap(), created);
}

#[tokio::test]
async fn an_update_minds_mask_and_etag() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let created = registry.create_connection(&acme.name, &identity_provider().metadata_xml()).await.unwrap();
    let renamed = Connection { display_name: "Acme Okta".to_owned(), ..created.clone() };
    let renamed = update(&registry, renamed, &["display_name"]).await.unwrap();
    assert_eq!((renamed.display_name.as_str(), renamed.etag.as_str()), ("Acme Okta", "2"));
    let stale = Connection { display_name: "Late".to_owned(), ..created.clone() };
    assert_refused(update(&registry, stale, &["display_name"]).await, Code::Aborted, "ETAG_MISMATCH");
    for path in ["saml", "saml.entity_id", "state"] {
        assert_field(update(&registry, renamed.clone(), &[path]).await, "UPDATE_MASK_INVALID", "update_mask");
    }
    let emptied = update(&registry, with_metadata(&created, ""), &["saml.metadata_xml"]).await;
    assert_field(emptied, "FIELD_REQUIRED", "connection.saml.metadata_xml");
    let unnamed = update(&registry, with_metadata(&created, ""), &["display_name"]).await;
    assert_field(unnamed, "DISPLAY_NAME_INVALID", "connection.display_name");
}

#[tokio::test]
async fn enabling_and_disabling_can_be_repeated() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let created = registry.create_connection(&acme.name, &identity_provider().metadata_xml()).await.unwrap();
    let enable = |etag: &str| EnableConnectionRequest {
        name: created.name.clone(),
        etag: etag.to_owned(),
        override_note: "tried by hand".to_owned(),
    };
    let enabled = registry.connections().enable_connection(enable("1")).await.unwrap().into_inner();
    let enabled = enabled.connection.unwrap();
    assert_eq!((enabled.state(), enabled.etag.as_str()), (State::Enabled, "2"));
    let again = registry.connections().enable_connection(enable("")).await.unwrap().into_inner();
    assert_eq!(again.connection.unwrap(), enabled);
    let stale = registry.connections().enable_connection(enable("1")).await;
    assert_refused(stale, Code::Aborted, "ETAG_MISMATCH");

    let disable = |note: &str| DisableConnectionRequest {
        name: created.name.clone(),
        etag: String::new(),
        note: note.to_owned(),
        leave_without_sign_in: true,
    };
    for _ in 0..2 {
        let disabled = registry.connections().disable_connection(disable("moved")).await.unwrap().into_inner();
        let disabled = disabled.connection.unwrap();
        assert_eq!((disabled.state(), disabled.etag.as_str()), (State::Disabled, "3"));
    }
    let long = registry.connections().disable_connection(disable(&"x".repeat(501))).await;
    assert_field(long, "NOTE_INVALID", "note");
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let name = format!("{}/connections/01890a5d-ac96-774b-bcce-b302099a8057", acme.name);
    assert_refused(get(&registry, &name).await, Code::NotFound, "CONNECTION_NOT_FOUND");
    let enable = EnableConnectionRequest { name: name.clone(), etag: "7".to_owned(), ..Default::default() };
    let outcome = registry.connections().enable_connection(enable).await;
    assert_refused(outcome, Code::NotFound, "CONNECTION_NOT_FOUND");
    let disable = DisableConnectionRequest { name: name.clone(), ..DisableConnectionRequest::default() };
    let outcome = registry.connections().disable_connection(disable).await;
    assert_refused(outcome, Code::NotFound, "CONNECTION_NOT_FOUND");
    let outcome = update(&registry, Connection { name, ..Connection::default() }, &[]).await;
    assert_refused(outcome, Code::NotFound, "CONNECTION_NOT_FOUND");
    let nobody = "organizations/01890a5d-ac96-774b-bcce-b302099a8057";
    let outcome = registry.create_connection(nobody, &identity_provider().metadata_xml()).await;
    assert_refused(outcome, Code::NotFound, "ORGANIZATION_NOT_FOUND");
}
