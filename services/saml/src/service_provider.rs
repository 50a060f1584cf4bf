//! What we tell of ourselves towards one identity provider.

use vestibule_rpc::{
    proto_timestamp,
    saml::v1::{GetServiceProviderMetadataResponse, ServiceProviderKey, service_provider_key::Use},
};
use vestibule_saml::{Certificate, ServiceProviderMetadata};

use crate::{
    connection::ReadyConnection,
    credential::{Published, PublishedKey},
};

/// Our metadata, and the keys in it.
pub(crate) fn metadata(connection: &ReadyConnection, published: &Published) -> GetServiceProviderMetadataResponse {
    let encryption: &[PublishedKey] = if connection.publishes_encryption_keys() { &published.encryption } else { &[] };
    let metadata = ServiceProviderMetadata {
        service_provider: &connection.service_provider,
        single_logout: Some(&connection.slo_url),
        authn_requests_signed: connection.signs_requests,
        signing: &certificates(&published.signing),
        encryption: &certificates(encryption),
        valid_until: None,
    };
    GetServiceProviderMetadataResponse { metadata_xml: metadata.to_xml(), keys: keys(published) }
}

fn certificates(keys: &[PublishedKey]) -> Vec<&Certificate> {
    keys.iter().map(|key| key.generation.credential.certificate()).collect()
}

/// The keys that count, newest first for each use.
pub(crate) fn keys(published: &Published) -> Vec<ServiceProviderKey> {
    let key = |of: Use| {
        move |key: &PublishedKey| ServiceProviderKey {
            key_id: key.generation.id.to_string(),
            r#use: of.into(),
            create_time: Some(proto_timestamp(key.generation.created_at)),
            active: key.active,
            certificate_fingerprint: key.generation.credential.certificate().fingerprint().to_string(),
        }
    };
    let signing = published.signing.iter().map(key(Use::Signing));
    signing.chain(published.encryption.iter().map(key(Use::Encryption))).collect()
}
