//! The adapter to the SAML engine's reading of metadata.

use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_kernel::{Explain, Timestamp};
use vestibule_saml::{self as saml, IdentityProviderMetadata, SingleLogoutService};
use vestibule_tenancy::connection::{
    Binding, Certificate, Endpoint, LogoutEndpoint, SamlIdentityProvider, SamlMetadata,
};

use crate::field::InvalidFields;

/// The field that holds metadata.
const FIELD: &str = "connection.saml.metadata_xml";

/// Reads an identity provider's metadata document.
pub(crate) fn read(metadata_xml: &str, now: Timestamp) -> Result<SamlMetadata, InvalidFields> {
    let metadata = IdentityProviderMetadata::parse(metadata_xml.as_bytes())
        .map_err(|error| InvalidFields::one(error.explain().reason, FIELD, error.to_string()))?;
    // SAML metadata section 2.3.2: not to be used after `validUntil`.
    if let Some(until) = metadata.valid_until.filter(|until| *until <= now) {
        let description = format!("the metadata was valid until {until}: fetch a current document");
        return Err(InvalidFields::one("METADATA_EXPIRED", FIELD, description));
    }
    let endpoint = |binding, ours| {
        let service = metadata.single_sign_on_service(binding)?;
        Some(Endpoint { binding: ours, location: service.location.to_string() })
    };
    let redirect = endpoint(saml::Binding::HttpRedirect, Binding::HttpRedirect);
    let post = endpoint(saml::Binding::HttpPost, Binding::HttpPost);
    Ok(SamlMetadata {
        certificates: metadata.certificates.iter().map(certificate).collect(),
        identity_provider: SamlIdentityProvider {
            single_sign_on: redirect.into_iter().chain(post).collect(),
            wants_authn_requests_signed: metadata.want_authn_requests_signed,
            single_logout: metadata.single_logout_services.iter().map(logout_endpoint).collect(),
            name_id_formats: metadata.name_id_formats,
            metadata_valid_until: metadata.valid_until,
            entity_id: metadata.entity_id,
        },
    })
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
