//! Settings of SAML connections: read, changed one by one or as a whole, refused field by field, and what they warn of.

use std::time::Duration;

use prost_types::FieldMask;
use tonic::Status;
use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    proto_timestamp,
    registry::v1::{
        AttributeRule, Connection, CreateConnectionRequest, RoleRule, SamlIdentityProvider, SamlSettings,
        UpdateConnectionRequest, connection::IdentityProvider, saml_settings,
    },
};

use crate::registry::{Registry, assert_field, identity_provider, saml_connection, saml_of};

const OBJECT_ID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

fn with_settings(connection: &Connection, settings: SamlSettings) -> Connection {
    let saml = SamlIdentityProvider { settings: Some(settings), ..SamlIdentityProvider::default() };
    let identity_provider = Some(IdentityProvider::Saml(saml));
    Connection { name: connection.name.clone(), identity_provider, ..Connection::default() }
}

async fn update(registry: &Registry, connection: Connection, paths: &[&str]) -> Result<Connection, Status> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = UpdateConnectionRequest { connection: Some(connection), update_mask: Some(FieldMask { paths }) };
    Ok(registry.connections().update_connection(request).await?.into_inner().connection.unwrap())
}

async fn create(registry: &Registry, metadata: &str, settings: SamlSettings) -> Result<Connection, Status> {
    let organization = registry.create_organization("acme").await;
    let mut connection = saml_connection("Acme", metadata);
    if let Some(IdentityProvider::Saml(saml)) = &mut connection.identity_provider {
        saml.settings = Some(settings);
    }
    let connection = Some(connection);
    let request = CreateConnectionRequest { parent: organization.name, connection, ..Default::default() };
    Ok(registry.connections().create_connection(request).await?.into_inner().connection.unwrap())
}

fn settings_of(connection: &Connection) -> &SamlSettings {
    saml_of(connection).settings.as_ref().unwrap()
}

fn warnings(connection: &Connection) -> Vec<&str> {
    saml_of(connection).warnings.iter().map(|warning| warning.reason.as_str()).collect()
}

fn in_days(days: u64) -> prost_types::Timestamp {
    proto_timestamp(crate::registry::now().plus(Duration::from_hours(24 * days)))
}

/// Every setting, none at its default.
fn full() -> SamlSettings {
    SamlSettings {
        provider: saml_settings::Provider::Shibboleth.into(),
        subject_attribute: Some("urn:oasis:names:tc:SAML:attribute:subject-id".to_owned()),
        attributes: vec![AttributeRule { claim: "email".to_owned(), attributes: vec!["mail".to_owned()] }],
        required_claims: vec!["email".to_owned(), "name".to_owned()],
        roles: vec![RoleRule { group: "Admins".to_owned(), role: "admin".to_owned() }],
        clock_skew_seconds: Some(120),
        sign_requests: saml_settings::SignRequests::Always.into(),
        name_id_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
        requested_authn_context: vec!["urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken".to_owned()],
        force_authn: true,
        encryption: saml_settings::Encryption::Required.into(),
        idp_initiated: true,
        sha1_until: Some(in_days(30)),
        certificate_validity: saml_settings::CertificateValidity::Enforce.into(),
    }
}

/// What a connection without settings shows.
fn defaults() -> SamlSettings {
    SamlSettings {
        provider: saml_settings::Provider::Generic.into(),
        subject_attribute: Some(String::new()),
        sign_requests: saml_settings::SignRequests::WhenAsked.into(),
        encryption: saml_settings::Encryption::Optional.into(),
        certificate_validity: saml_settings::CertificateValidity::Warn.into(),
        ..SamlSettings::default()
    }
}

#[tokio::test]
async fn settings_are_saved_with_a_connection_and_replaced_as_a_whole() {
    let registry = Registry::start().await;
    let created = create(&registry, &identity_provider().metadata_xml(), full()).await.unwrap();
    assert_eq!(settings_of(&created), &full());
    let whole = update(&registry, with_settings(&created, SamlSettings::default()), &["saml.settings"]).await.unwrap();
    assert_eq!(settings_of(&whole), &defaults());
    assert_eq!(saml_of(&whole).certificates, saml_of(&created).certificates);
    let names: Vec<String> = registry.events().await.into_iter().map(|event| event.name).collect();
    let ours: Vec<&str> = names.iter().map(String::as_str).filter(|name| name.starts_with("connection.")).collect();
    assert_eq!(ours, ["connection.created", "connection.configured", "connection.configured"]);
}

#[tokio::test]
async fn each_setting_can_be_changed_alone() {
    let registry = Registry::start().await;
    let created = create(&registry, &identity_provider().metadata_xml(), SamlSettings::default()).await.unwrap();
    assert_eq!(settings_of(&created), &defaults());
    let mut expected = defaults();
    macro_rules! alone {
        ($($name:ident),+) => {$(
            expected.$name = full().$name;
            let path = concat!("saml.settings.", stringify!($name));
            let changed = update(&registry, with_settings(&created, full()), &[path]).await.unwrap();
            assert_eq!(settings_of(&changed), &expected, "{path}");
        )+};
    }
    alone!(provider, subject_attribute, attributes, required_claims, roles, clock_skew_seconds, sign_requests);
    alone!(name_id_format, requested_authn_context, force_authn, encryption, idp_initiated, sha1_until);
    alone!(certificate_validity);
    assert_eq!(expected, full(), "a setting without a path");
    // Without a mask, what is set counts, and nothing else is touched.
    let only = SamlSettings { clock_skew_seconds: Some(5), ..SamlSettings::default() };
    let changed = update(&registry, with_settings(&created, only), &[]).await.unwrap();
    assert_eq!(settings_of(&changed), &SamlSettings { clock_skew_seconds: Some(5), ..full() });
    // With one, what is not set is taken back.
    let emptied = with_settings(&created, SamlSettings::default());
    let changed = update(&registry, emptied, &["saml.settings.clock_skew_seconds"]).await.unwrap();
    assert_eq!(settings_of(&changed).clock_skew_seconds, None);
}

#[tokio::test]
async fn changes_of_different_settings_at_one_moment_lose_nothing() {
    let registry = Registry::start().await;
    let created = create(&registry, &identity_provider().metadata_xml(), SamlSettings::default()).await.unwrap();
    let (one, two, three) = tokio::join!(
        update(&registry, with_settings(&created, full()), &["saml.settings.force_authn"]),
        update(&registry, with_settings(&created, full()), &["saml.settings.idp_initiated"]),
        update(&registry, with_settings(&created, full()), &["saml.settings.roles"]),
    );
    for outcome in [one, two, three] {
        outcome.unwrap();
    }
    let last = update(&registry, with_settings(&created, full()), &["saml.settings.provider"]).await.unwrap();
    let settings = settings_of(&last);
    assert_eq!((settings.force_authn, settings.idp_initiated, settings.roles.len()), (true, true, 1));
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_field() {
    let registry = Registry::start().await;
    let created = create(&registry, &identity_provider().metadata_xml(), SamlSettings::default()).await.unwrap();
    let rule = |claim: &str, name: &str| AttributeRule { claim: claim.to_owned(), attributes: vec![name.to_owned()] };
    let means = |group: &str, role: &str| RoleRule { group: group.to_owned(), role: role.to_owned() };
    let none = SamlSettings::default;
    for (field, reason, settings) in [
        ("provider", "CHOICE_UNKNOWN", SamlSettings { provider: 99, ..none() }),
        ("sign_requests", "CHOICE_UNKNOWN", SamlSettings { sign_requests: 99, ..none() }),
        ("encryption", "CHOICE_UNKNOWN", SamlSettings { encryption: -1, ..none() }),
        ("certificate_validity", "CHOICE_UNKNOWN", SamlSettings { certificate_validity: 3, ..none() }),
        (
            "subject_attribute",
            "ATTRIBUTE_NAME_INVALID",
            SamlSettings { subject_attribute: Some(" x".to_owned()), ..none() },
        ),
        ("attributes", "CLAIM_UNKNOWN", SamlSettings { attributes: vec![rule("org_id", "x")], ..none() }),
        ("attributes", "ATTRIBUTE_NAME_INVALID", SamlSettings { attributes: vec![rule("email", "")], ..none() }),
        ("required_claims", "CLAIM_UNKNOWN", SamlSettings { required_claims: vec!["sub".to_owned()], ..none() }),
        ("roles", "ROLE_INVALID", SamlSettings { roles: vec![means("Admins", "Admin")], ..none() }),
        ("clock_skew_seconds", "CLOCK_SKEW_INVALID", SamlSettings { clock_skew_seconds: Some(301), ..none() }),
        ("clock_skew_seconds", "CLOCK_SKEW_INVALID", SamlSettings { clock_skew_seconds: Some(65_536), ..none() }),
        ("name_id_format", "NAME_ID_FORMAT_INVALID", SamlSettings { name_id_format: TRANSIENT.to_owned(), ..none() }),
        (
            "requested_authn_context",
            "AUTHN_CONTEXT_INVALID",
            SamlSettings { requested_authn_context: vec!["x".to_owned()], ..none() },
        ),
        ("sha1_until", "SHA1_EXCEPTION_INVALID", SamlSettings { sha1_until: Some(in_days(91)), ..none() }),
        (
            "sha1_until",
            "TIME_INVALID",
            SamlSettings { sha1_until: Some(prost_types::Timestamp { seconds: -1, nanos: -1 }), ..none() },
        ),
    ] {
        let outcome = update(&registry, with_settings(&created, settings), &[]).await;
        assert_field(outcome, reason, &format!("connection.saml.settings.{field}"));
    }
    let unknown = update(&registry, with_settings(&created, none()), &["saml.settings.colour"]).await;
    assert_field(unknown, "UPDATE_MASK_INVALID", "update_mask");
    assert_eq!(registry.events().await.iter().filter(|event| event.name == "connection.configured").count(), 0);
}

#[tokio::test]
async fn a_new_connection_recognises_people_by_what_its_product_never_changes() {
    let metadata = identity_provider().metadata_xml();
    for (provider, asked, subject, warned) in [
        (saml_settings::Provider::EntraId, None, OBJECT_ID, false),
        (saml_settings::Provider::EntraId, Some(""), "", true),
        (saml_settings::Provider::EntraId, Some("uid"), "uid", false),
        (saml_settings::Provider::Shibboleth, None, "", true),
        (saml_settings::Provider::Google, None, "", false),
    ] {
        let registry = Registry::start().await;
        let subject_attribute = asked.map(str::to_owned);
        let settings = SamlSettings { provider: provider.into(), subject_attribute, ..SamlSettings::default() };
        let created = create(&registry, &metadata, settings).await.unwrap();
        assert_eq!(settings_of(&created).subject_attribute.as_deref(), Some(subject), "{provider:?}");
        assert_eq!(warnings(&created).contains(&"SUBJECT_NOT_IMMUTABLE"), warned, "{provider:?}");
        // Later, the subject only changes when somebody says so.
        let other = SamlSettings { provider: saml_settings::Provider::EntraId.into(), ..SamlSettings::default() };
        let changed = update(&registry, with_settings(&created, other), &[]).await.unwrap();
        assert_eq!(settings_of(&changed).subject_attribute.as_deref(), Some(subject), "{provider:?}");
    }
}

#[tokio::test]
async fn what_will_trouble_sign_ins_is_told_when_it_is_configured() {
    let registry = Registry::start().await;
    let metadata = identity_provider().metadata_xml();
    let formats = ["SAML:2.0:nameid-format:persistent", "SAML:1.1:nameid-format:emailAddress"];
    let transient = formats
        .iter()
        .fold(metadata, |metadata, format| metadata.replace(&format!("urn:oasis:names:tc:{format}"), TRANSIENT));
    let created = create(&registry, &transient, SamlSettings::default()).await.unwrap();
    assert_eq!(saml_of(&created).name_id_formats, [TRANSIENT]);
    assert_eq!(warnings(&created), ["SUBJECT_NOT_STABLE"]);
    let subject = SamlSettings { subject_attribute: Some("uid".to_owned()), ..SamlSettings::default() };
    let mended = update(&registry, with_settings(&created, subject), &[]).await.unwrap();
    assert!(warnings(&mended).is_empty());

    let enforce = saml_settings::CertificateValidity::Enforce.into();
    let exception =
        SamlSettings { sha1_until: Some(in_days(10)), certificate_validity: enforce, ..SamlSettings::default() };
    let excepted = update(&registry, with_settings(&created, exception), &[]).await.unwrap();
    assert_eq!(warnings(&excepted), ["SHA1_EXCEPTION"]);
    registry.clock.set("2027-12-15T00:00:00Z".parse::<Timestamp>().unwrap());
    let later = update(&registry, with_settings(&created, SamlSettings::default()), &[]).await.unwrap();
    assert_eq!(warnings(&later), ["SHA1_EXCEPTION_ENDED", "LAST_CERTIFICATE_EXPIRES_SOON"]);
    registry.clock.set("2028-01-02T00:00:00Z".parse::<Timestamp>().unwrap());
    let shown = update(&registry, with_settings(&created, SamlSettings::default()), &[]).await.unwrap();
    assert_eq!(warnings(&shown), ["SHA1_EXCEPTION_ENDED", "NO_VALID_CERTIFICATE"]);
    assert!(saml_of(&shown).warnings.iter().all(|warning| !warning.message.is_empty()));
}

#[tokio::test]
async fn metadata_says_how_long_it_is_meant_to_be_believed() {
    let registry = Registry::start().await;
    let metadata = identity_provider().metadata_xml();
    let short = metadata.replacen("entityID=", "validUntil=\"2026-12-01T00:00:00Z\" entityID=", 1);
    let created = create(&registry, &short, SamlSettings::default()).await.unwrap();
    assert!(saml_of(&created).metadata_valid_until.is_some());
    assert_eq!(warnings(&created), ["METADATA_EXPIRES_SOON"]);
    registry.clock.set("2026-12-02T00:00:00Z".parse::<Timestamp>().unwrap());
    let later = update(&registry, with_settings(&created, SamlSettings::default()), &[]).await.unwrap();
    assert_eq!(warnings(&later), ["METADATA_EXPIRED"]);
}
