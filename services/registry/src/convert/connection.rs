use vestibule_host::PublicUrl;
use vestibule_kernel::{OrganizationId, Timestamp};
use vestibule_rpc::{proto_timestamp, registry::v1 as pb, resource};
use vestibule_settings::{self as settings, Patch};
use vestibule_tenancy::{
    DisplayName,
    connection::{Binding, Certificate, Connection, Endpoint, LogoutEndpoint, ServiceProviderAddresses, Trust},
};

use super::{mask::Mask, metadata, organization::missing};
use crate::{
    app::{ConfigureConnection, NewConnection},
    error::Error,
    field::{Fields, InvalidFields},
    metadata::Pending,
    resource::Resource,
    warning,
};

const DISPLAY_NAME: &str = "display_name";
const METADATA: &str = "saml.metadata_xml";

/// All settings at once.
const SETTINGS: &str = "saml.settings";

pub(crate) fn new(organization: OrganizationId, connection: Option<&pb::Connection>) -> Result<NewConnection, Error> {
    let wanted = connection.ok_or_else(|| missing("connection"))?;
    let mut fields = Fields::default();
    let display_name = fields.read("connection.display_name", DisplayName::parse(&wanted.display_name));
    let origin = metadata::origin(wanted, &mut fields);
    let values = display_name.zip(origin).map(|(display_name, metadata)| NewConnection {
        organization,
        display_name,
        metadata,
        settings: Patch::new(wanted_settings(wanted)),
    });
    Ok(fields.finish_with(values)?)
}

pub(crate) fn configure(
    wanted: &pb::Connection,
    mask: Option<&prost_types::FieldMask>,
) -> Result<ConfigureConnection, Error> {
    let settings: Vec<String> = settings::fields().map(path).collect();
    let settings = settings.iter().map(String::as_str);
    let fixed = [DISPLAY_NAME, METADATA, SETTINGS].into_iter().chain(metadata::PATHS);
    let updatable: Vec<&str> = fixed.chain(settings).collect();
    let mask = Mask::read(mask, &updatable)?;
    let mut fields = Fields::default();
    let mut configure = ConfigureConnection::default();
    if mask.means(DISPLAY_NAME, !wanted.display_name.is_empty()) {
        configure.display_name = fields.read("connection.display_name", DisplayName::parse(&wanted.display_name));
    }
    configure.source = metadata::patch(wanted, &mask, &mut fields);
    let metadata_xml = metadata_xml(wanted);
    let reads = configure.source.url.as_ref().is_some_and(|url| !url.is_empty());
    if reads && mask.means(METADATA, !metadata_xml.is_empty()) {
        metadata::refuse_both(&mut fields);
    }
    fields.finish()?;
    if mask.means(METADATA, !metadata_xml.is_empty()) {
        if metadata_xml.is_empty() {
            return Err(InvalidFields::one("FIELD_REQUIRED", "connection.saml.metadata_xml", "required").into());
        }
        configure.metadata_xml = Some(metadata_xml.to_owned());
    }
    let means = |name: &str, is_set| mask.means(SETTINGS, false) || mask.means(&path(name), is_set);
    configure.settings = Some(Patch::of(wanted_settings(wanted), means)).filter(|patch| !patch.is_empty());
    Ok(configure)
}

/// A setting as it stands in an update mask.
fn path(name: &str) -> String {
    format!("{SETTINGS}.{name}")
}

fn wanted_settings(connection: &pb::Connection) -> Option<&pb::SamlSettings> {
    match &connection.identity_provider {
        Some(pb::connection::IdentityProvider::Saml(saml)) => saml.settings.as_ref(),
        None => None,
    }
}

pub(super) fn metadata_xml(connection: &pb::Connection) -> &str {
    match &connection.identity_provider {
        Some(pb::connection::IdentityProvider::Saml(saml)) => &saml.metadata_xml,
        None => "",
    }
}

pub(crate) fn message(public_url: &PublicUrl, connection: &Resource<Connection>, now: Timestamp) -> pb::Connection {
    let (state, trust) = match &connection.state {
        Connection::Absent => return pb::Connection::default(),
        Connection::Disabled(trust) => (pb::connection::State::Disabled, trust),
        Connection::Enabled(trust) => (pb::connection::State::Enabled, trust),
    };
    let replaced = trust.replaced.as_ref();
    pb::Connection {
        name: resource::connection_name(trust.organization, trust.connection),
        display_name: trust.display_name.clone(),
        state: state.into(),
        identity_provider: Some(pb::connection::IdentityProvider::Saml(saml(public_url, trust, now))),
        create_time: Some(proto_timestamp(connection.created_at)),
        update_time: Some(proto_timestamp(connection.updated_at)),
        etag: connection.etag(),
        replaced_by: replaced.map_or_else(String::new, |to| resource::connection_name(trust.organization, to.by)),
        disable_time: replaced.map(|replaced| proto_timestamp(replaced.until)),
    }
}

fn saml(public_url: &PublicUrl, trust: &Trust, now: Timestamp) -> pb::SamlIdentityProvider {
    let addresses = ServiceProviderAddresses::of(public_url.as_str(), trust.connection);
    pb::SamlIdentityProvider {
        metadata_xml: String::new(),
        entity_id: trust.identity_provider.entity_id.clone(),
        single_sign_on: trust.identity_provider.single_sign_on.iter().map(endpoint).collect(),
        certificates: trust.certificates.iter().map(certificate).collect(),
        service_provider_entity_id: addresses.entity_id,
        assertion_consumer_service_url: addresses.acs_url,
        service_provider_metadata_url: addresses.metadata_url,
        settings: Some(settings::message(&trust.settings)),
        single_logout: trust.identity_provider.single_logout.iter().map(logout_endpoint).collect(),
        name_id_formats: trust.identity_provider.name_id_formats.clone(),
        metadata_valid_until: trust.identity_provider.metadata_valid_until.map(proto_timestamp),
        warnings: warning::of(trust, now),
        metadata_url: trust.metadata_source.as_ref().map(|source| source.url.clone()).unwrap_or_default(),
        metadata_signing_certificate: metadata::pinned(trust),
        approve_new_certificates: trust.metadata_source.as_ref().is_some_and(|source| source.requires_approval),
        metadata_status: None,
        pending_metadata_change: Pending::of(trust).map(|pending| metadata::pending(&pending)),
    }
}

pub(super) fn endpoint(endpoint: &Endpoint) -> pb::SingleSignOnEndpoint {
    pb::SingleSignOnEndpoint { binding: binding(endpoint.binding).into(), location: endpoint.location.clone() }
}

fn logout_endpoint(endpoint: &LogoutEndpoint) -> pb::SingleLogoutEndpoint {
    pb::SingleLogoutEndpoint {
        binding: binding(endpoint.binding).into(),
        location: endpoint.location.clone(),
        response_location: endpoint.response_location.clone().unwrap_or_default(),
    }
}

const fn binding(binding: Binding) -> pb::single_sign_on_endpoint::Binding {
    match binding {
        Binding::HttpRedirect => pb::single_sign_on_endpoint::Binding::HttpRedirect,
        Binding::HttpPost => pb::single_sign_on_endpoint::Binding::HttpPost,
    }
}

pub(super) fn certificate(certificate: &Certificate) -> pb::Certificate {
    pb::Certificate {
        sha256_fingerprint: certificate.fingerprint.clone(),
        subject: certificate.subject.clone(),
        not_before: Some(proto_timestamp(certificate.not_before)),
        not_after: Some(proto_timestamp(certificate.not_after)),
    }
}
