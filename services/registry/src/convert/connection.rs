use vestibule_host::PublicUrl;
use vestibule_kernel::OrganizationId;
use vestibule_rpc::{proto_timestamp, registry::v1 as pb, resource};
use vestibule_tenancy::{
    DisplayName,
    connection::{Binding, Certificate, Connection, Endpoint, ServiceProviderAddresses, Trust},
};

use super::{mask::Mask, organization::missing};
use crate::{
    app::{ConfigureConnection, NewConnection},
    error::Error,
    field::{Fields, InvalidFields},
    resource::Resource,
};

const UPDATABLE: &[&str] = &["display_name", "saml.metadata_xml"];

pub(crate) fn new(organization: OrganizationId, connection: Option<&pb::Connection>) -> Result<NewConnection, Error> {
    let wanted = connection.ok_or_else(|| missing("connection"))?;
    let mut fields = Fields::default();
    let display_name = fields.read("connection.display_name", DisplayName::parse(&wanted.display_name));
    let metadata_xml = metadata_xml(wanted);
    if metadata_xml.is_empty() {
        fields.refuse("FIELD_REQUIRED", "connection.saml.metadata_xml", "required");
    }
    let values = display_name.map(|display_name| NewConnection {
        organization,
        display_name,
        metadata_xml: metadata_xml.to_owned(),
    });
    Ok(fields.finish_with(values)?)
}

pub(crate) fn configure(
    wanted: &pb::Connection,
    mask: Option<&prost_types::FieldMask>,
) -> Result<ConfigureConnection, Error> {
    let mask = Mask::read(mask, UPDATABLE)?;
    let mut fields = Fields::default();
    let mut configure = ConfigureConnection::default();
    if mask.means("display_name", !wanted.display_name.is_empty()) {
        configure.display_name = fields.read("connection.display_name", DisplayName::parse(&wanted.display_name));
    }
    fields.finish()?;
    let metadata_xml = metadata_xml(wanted);
    if mask.means("saml.metadata_xml", !metadata_xml.is_empty()) {
        if metadata_xml.is_empty() {
            return Err(InvalidFields::one("FIELD_REQUIRED", "connection.saml.metadata_xml", "required").into());
        }
        configure.metadata_xml = Some(metadata_xml.to_owned());
    }
    Ok(configure)
}

fn metadata_xml(connection: &pb::Connection) -> &str {
    match &connection.identity_provider {
        Some(pb::connection::IdentityProvider::Saml(saml)) => &saml.metadata_xml,
        None => "",
    }
}

pub(crate) fn message(public_url: &PublicUrl, connection: &Resource<Connection>) -> pb::Connection {
    let (state, trust) = match &connection.state {
        Connection::Absent => return pb::Connection::default(),
        Connection::Disabled(trust) => (pb::connection::State::Disabled, trust),
        Connection::Enabled(trust) => (pb::connection::State::Enabled, trust),
    };
    pb::Connection {
        name: resource::connection_name(trust.organization, trust.connection),
        display_name: trust.display_name.clone(),
        state: state.into(),
        identity_provider: Some(pb::connection::IdentityProvider::Saml(saml(public_url, trust))),
        create_time: Some(proto_timestamp(connection.created_at)),
        update_time: Some(proto_timestamp(connection.updated_at)),
        etag: connection.etag(),
    }
}

fn saml(public_url: &PublicUrl, trust: &Trust) -> pb::SamlIdentityProvider {
    let addresses = ServiceProviderAddresses::of(public_url.as_str(), trust.connection);
    pb::SamlIdentityProvider {
        metadata_xml: String::new(),
        entity_id: trust.identity_provider.entity_id.clone(),
        single_sign_on: trust.identity_provider.single_sign_on.iter().map(endpoint).collect(),
        certificates: trust.certificates.iter().map(certificate).collect(),
        service_provider_entity_id: addresses.entity_id,
        assertion_consumer_service_url: addresses.acs_url,
        service_provider_metadata_url: addresses.metadata_url,
    }
}

fn endpoint(endpoint: &Endpoint) -> pb::SingleSignOnEndpoint {
    let binding = match endpoint.binding {
        Binding::HttpRedirect => pb::single_sign_on_endpoint::Binding::HttpRedirect,
        Binding::HttpPost => pb::single_sign_on_endpoint::Binding::HttpPost,
    };
    pb::SingleSignOnEndpoint { binding: binding.into(), location: endpoint.location.clone() }
}

fn certificate(certificate: &Certificate) -> pb::Certificate {
    pb::Certificate {
        sha256_fingerprint: certificate.fingerprint.clone(),
        subject: certificate.subject.clone(),
        not_before: Some(proto_timestamp(certificate.not_before)),
        not_after: Some(proto_timestamp(certificate.not_after)),
    }
}
