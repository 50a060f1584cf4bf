//! The adapter to the SAML engine's reading of metadata.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_kernel::Timestamp;
use vestibule_saml::{
    self as saml, CertificateError, IdentityProviderMetadata, MetadataStamp, SingleLogoutService, TrustedCertificates,
};
use vestibule_tenancy::connection::{
    Binding, Certificate, Endpoint, LogoutEndpoint, SamlIdentityProvider, SamlMetadata,
};

use super::Unusable;
use crate::field::InvalidFields;

/// The field that holds metadata.
const FIELD: &str = "connection.saml.metadata_xml";

/// A document as it is believed.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) metadata: SamlMetadata,
    /// For how long it may be kept before it is fetched again.
    pub(crate) cache: Option<Duration>,
    /// SHA-256 over what it says, lower-case hex. Until when it may be believed is left out: many a product stamps each
    /// copy anew.
    pub(crate) digest: String,
    /// How old what the pinned key has signed is, by its own word.
    pub(crate) stamp: MetadataStamp,
}

/// Reads an identity provider's metadata document that an operator hands in.
pub(crate) fn read(metadata_xml: &str, now: Timestamp) -> Result<SamlMetadata, InvalidFields> {
    let document = IdentityProviderMetadata::parse(metadata_xml.as_bytes()).map_err(Unusable::from);
    let document = document.and_then(|metadata| believed(metadata, now));
    Ok(document.map_err(|unusable| InvalidFields::one(unusable.reason(), FIELD, unusable.to_string()))?.metadata)
}

/// Reads a document that was fetched; with a pinned certificate only what its key has signed.
pub(crate) fn read_fetched(bytes: &[u8], pinned: Option<&str>, now: Timestamp) -> Result<Document, Unusable> {
    let metadata = match pinned {
        Some(der) => IdentityProviderMetadata::parse_signed(bytes, &trusted(der)?)?,
        None => IdentityProviderMetadata::parse(bytes)?,
    };
    believed(metadata, now)
}

/// The pinned certificate, made ready.
fn trusted(der: &str) -> Result<TrustedCertificates, Unusable> {
    let certificate = saml::Certificate::from_base64(der).map_err(|_| Unusable::Pin)?;
    TrustedCertificates::new([certificate]).map_err(|_| Unusable::Pin)
}

/// The certificate that is pinned, as it is kept: DER in Base64.
pub(crate) fn pin(text: &str) -> Result<String, CertificateError> {
    Ok(BASE64_STANDARD.encode(saml::Certificate::from_base64(text)?.der()))
}

fn believed(metadata: IdentityProviderMetadata, now: Timestamp) -> Result<Document, Unusable> {
    // SAML metadata section 2.3.2: not to be used after `validUntil`.
    if let Some(until) = metadata.valid_until.filter(|until| *until <= now) {
        return Err(Unusable::Expired { until });
    }
    let endpoint = |binding, ours| {
        let service = metadata.single_sign_on_service(binding)?;
        Some(Endpoint { binding: ours, location: service.location.to_string() })
    };
    let redirect = endpoint(saml::Binding::HttpRedirect, Binding::HttpRedirect);
    let post = endpoint(saml::Binding::HttpPost, Binding::HttpPost);
    let (cache, stamp) = (metadata.cache_duration, metadata.stamp);
    let metadata = SamlMetadata {
        certificates: metadata.certificates.iter().map(certificate).collect(),
        identity_provider: SamlIdentityProvider {
            single_sign_on: redirect.into_iter().chain(post).collect(),
            wants_authn_requests_signed: metadata.want_authn_requests_signed,
            single_logout: metadata.single_logout_services.iter().map(logout_endpoint).collect(),
            name_id_formats: metadata.name_id_formats,
            metadata_valid_until: metadata.valid_until,
            entity_id: metadata.entity_id,
        },
    };
    Ok(Document { digest: digest_of(&metadata), metadata, cache, stamp })
}

/// The digest of what a document says, apart from how long it may be believed.
pub(crate) fn digest_of(metadata: &SamlMetadata) -> String {
    let identity_provider = SamlIdentityProvider { metadata_valid_until: None, ..metadata.identity_provider.clone() };
    let said = SamlMetadata { identity_provider, certificates: metadata.certificates.clone() };
    // These are texts and lists of texts: writing them to memory does not fail.
    let written = serde_json::to_vec(&said).unwrap_or_default();
    hex::encode(digest(&SHA256, &written).as_ref())
}

fn logout_endpoint(service: &SingleLogoutService) -> LogoutEndpoint {
    LogoutEndpoint {
        binding: match service.binding {
            saml::Binding::HttpRedirect => Binding::HttpRedirect,
            saml::Binding::HttpPost => Binding::HttpPost,
        },
        location: service.location.to_string(),
        response_location: service.response_location.as_ref().map(ToString::to_string),
    }
}

fn certificate(certificate: &saml::Certificate) -> Certificate {
    Certificate {
        fingerprint: certificate.fingerprint().to_string(),
        der: BASE64_STANDARD.encode(certificate.der()),
        subject: certificate.subject().to_owned(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
    }
}
