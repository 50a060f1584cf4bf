use vestibule_rpc::{
    proto_timestamp,
    saml::v1::{
        InspectMetadataResponse,
        inspect_metadata_response::{Endpoint, SigningCertificate},
    },
};
use vestibule_saml::{Certificate, IdentityProviderMetadata, KeyAlgorithm};

use crate::error::Error;

/// Reads metadata and tells what is in it.
pub(crate) fn inspect(metadata_xml: &str) -> Result<InspectMetadataResponse, Error> {
    let metadata = IdentityProviderMetadata::parse(metadata_xml.as_bytes())?;
    let endpoints = metadata
        .single_sign_on_services
        .iter()
        .map(|service| Endpoint { binding: service.binding.uri().to_owned(), location: service.location.to_string() });
    Ok(InspectMetadataResponse {
        single_sign_on: endpoints.collect(),
        certificates: metadata.certificates.iter().map(signing_certificate).collect(),
        valid_until: metadata.valid_until.map(proto_timestamp),
        entity_id: metadata.entity_id,
    })
}

fn signing_certificate(certificate: &Certificate) -> SigningCertificate {
    SigningCertificate {
        sha256_fingerprint: certificate.fingerprint().to_string(),
        subject: certificate.subject().to_owned(),
        not_before: Some(proto_timestamp(certificate.not_before())),
        not_after: Some(proto_timestamp(certificate.not_after())),
        key: match certificate.key_algorithm() {
            KeyAlgorithm::Rsa => format!("RSA {}", certificate.key_bits()),
            KeyAlgorithm::EcP256 => "EC P-256".to_owned(),
            KeyAlgorithm::EcP384 => "EC P-384".to_owned(),
            KeyAlgorithm::EcP521 => "EC P-521".to_owned(),
            _ => format!("{} bits", certificate.key_bits()),
        },
    }
}
