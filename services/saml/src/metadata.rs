use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    proto_timestamp,
    saml::v1::{
        InspectMetadataResponse,
        inspect_metadata_response::{Endpoint, LogoutEndpoint, SigningCertificate, Warning},
    },
};
use vestibule_saml::{
    Binding, Certificate, IdentityProviderMetadata, KeyAlgorithm, SingleLogoutService, name_id_format::TRANSIENT,
};

use crate::error::Error;

/// What ends within this time is worth a warning.
const SOON: Duration = Duration::from_hours(30 * 24);

/// RSA keys below this length still count, but no longer for years (NIST SP 800-57 part 1, table 2).
const RSA_BITS_LASTING: usize = 3072;

/// RSA keys that last less long than this are not warned of.
const LONG: Duration = Duration::from_hours(5 * 365 * 24);

/// Reads metadata and tells what is in it; `is_known` tells whether a connection trusts this entity id already, to
/// those who may know.
pub(crate) fn inspect(
    metadata_xml: &str,
    now: Timestamp,
    is_known: impl FnOnce(&str) -> Option<bool>,
) -> Result<InspectMetadataResponse, Error> {
    let metadata = IdentityProviderMetadata::parse(metadata_xml.as_bytes())?;
    let entity_id_known = is_known(&metadata.entity_id);
    let endpoints = metadata
        .single_sign_on_services
        .iter()
        .map(|service| Endpoint { binding: service.binding.uri().to_owned(), location: service.location.to_string() });
    Ok(InspectMetadataResponse {
        single_sign_on: endpoints.collect(),
        single_logout: metadata.single_logout_services.iter().map(logout_endpoint).collect(),
        name_id_formats: metadata.name_id_formats.clone(),
        want_authn_requests_signed: metadata.want_authn_requests_signed,
        certificates: metadata.certificates.iter().map(signing_certificate).collect(),
        valid_until: metadata.valid_until.map(proto_timestamp),
        warnings: warnings(&metadata, now, entity_id_known),
        entity_id_known,
        entity_id: metadata.entity_id,
    })
}

fn logout_endpoint(service: &SingleLogoutService) -> LogoutEndpoint {
    LogoutEndpoint {
        binding: service.binding.uri().to_owned(),
        location: service.location.to_string(),
        response_location: service.response_location.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
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

fn warnings(metadata: &IdentityProviderMetadata, now: Timestamp, entity_id_known: Option<bool>) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = Vec::new();
    if let Some(until) = metadata.valid_until {
        if until <= now {
            let message = format!("the document was valid until {until}: ask for a current one");
            warnings.push(warning("METADATA_EXPIRED", message, ""));
        } else if until <= now.plus(SOON) {
            let message = format!("the document is valid until {until} only: ask from where to refresh it");
            warnings.push(warning("METADATA_EXPIRES_SOON", message, ""));
        }
    }
    for certificate in &metadata.certificates {
        of_certificate(certificate, now, &mut warnings);
    }
    of_endpoints(metadata, &mut warnings);
    of_names(metadata, &mut warnings);
    if entity_id_known == Some(true) {
        let message = "a connection of this deployment trusts this entity id already: make sure that this is not the \
            same identity provider twice, and not another customer's";
        warnings.push(warning("ENTITY_ID_KNOWN", message.to_owned(), &metadata.entity_id));
    }
    warnings
}

fn of_certificate(certificate: &Certificate, now: Timestamp, warnings: &mut Vec<Warning>) {
    let fingerprint = certificate.fingerprint().to_string();
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    let mut warn = |reason, message| warnings.push(warning(reason, message, &fingerprint));
    if not_after < now {
        warn(
            "CERTIFICATE_EXPIRED",
            format!("the certificate expired at {not_after}: its key still verifies, but ask for a new one"),
        );
    } else if not_after <= now.plus(SOON) {
        warn("CERTIFICATE_EXPIRES_SOON", format!("the certificate expires at {not_after}: ask for the next one now"));
    }
    if now < not_before {
        warn("CERTIFICATE_NOT_YET_VALID", format!("the certificate is not valid before {not_before}"));
    }
    let is_short = certificate.key_algorithm() == KeyAlgorithm::Rsa && certificate.key_bits() < RSA_BITS_LASTING;
    if is_short && not_after > now.plus(LONG) {
        let message = format!(
            "the RSA key has {} bits and the certificate is meant to last until {not_after}: renew it earlier, with \
             {RSA_BITS_LASTING} bits or an elliptic curve",
            certificate.key_bits()
        );
        warn("CERTIFICATE_KEY_SHORT", message);
    }
    if certificate.has_weak_signature() {
        let message = "the certificate is signed over SHA-1 or MD5: its key is trusted without that signature, but the \
            identity provider may sign assertions over SHA-1 too, and those are refused";
        warn("CERTIFICATE_SIGNATURE_WEAK", message.to_owned());
    }
}

fn of_endpoints(metadata: &IdentityProviderMetadata, warnings: &mut Vec<Warning>) {
    if metadata.single_sign_on_service(Binding::HttpRedirect).is_none() {
        let message = "no SingleSignOnService with the HTTP-Redirect binding: requests go by HTTP-POST, which costs the \
            browser one page more";
        warnings.push(warning("BINDING_MISSING", message.to_owned(), Binding::HttpRedirect.uri()));
    }
    if metadata.single_sign_on_service(Binding::HttpPost).is_none() {
        let message = "no SingleSignOnService with the HTTP-POST binding: requests go by HTTP-Redirect only";
        warnings.push(warning("BINDING_MISSING", message.to_owned(), Binding::HttpPost.uri()));
    }
    let logout = metadata.single_logout_services.iter();
    let logout = logout.flat_map(|service| std::iter::once(&service.location).chain(&service.response_location));
    let locations = metadata.single_sign_on_services.iter().map(|service| &service.location).chain(logout);
    for location in locations.filter(|location| location.scheme() == "http") {
        let message = "the address is http: taken because it is this very machine, of use for trying things out only";
        warnings.push(warning("ENDPOINT_WITHOUT_TLS", message.to_owned(), location.as_str()));
    }
}

/// SAML core section 8.3.8: a transient NameID is another one at each sign-in.
fn of_names(metadata: &IdentityProviderMetadata, warnings: &mut Vec<Warning>) {
    let formats = &metadata.name_id_formats;
    if !formats.is_empty() && formats.iter().all(|format| format == TRANSIENT) {
        let message = "only transient NameIDs are offered, by which nobody can be recognised: have the identity provider \
            send an attribute that never changes, and name it as the subject of the connection";
        warnings.push(warning("SUBJECT_NOT_STABLE", message.to_owned(), TRANSIENT));
    }
}

fn warning(reason: &str, message: String, subject: &str) -> Warning {
    Warning { reason: reason.to_owned(), message, subject: subject.to_owned() }
}
