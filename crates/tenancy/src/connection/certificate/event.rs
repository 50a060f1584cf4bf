//! What happens to the certificates of an identity provider.

use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Schema};
use vestibule_kernel::Timestamp;

use crate::connection::Certificate;

/// Signatures by this certificate's key are accepted from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificateTrusted {
    /// The certificate.
    pub certificate: Certificate,
}

impl EventBody for CertificateTrusted {
    const SCHEMA: Schema = Schema::new("connection.certificate_trusted", 1, &[]);
}

/// The identity provider's metadata names this certificate; it is not trusted until an operator approves it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificateObserved {
    /// The certificate.
    pub certificate: Certificate,
}

impl EventBody for CertificateObserved {
    const SCHEMA: Schema = Schema::new("connection.certificate_observed", 1, &[]);
}

/// A trusted certificate is not the only one any more: a successor is trusted beside it, or the identity provider's
/// metadata names it no longer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificateOverlapping {
    /// The certificate's fingerprint.
    pub fingerprint: String,
    /// When it stops being trusted, because the metadata does not name it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retires_at: Option<Timestamp>,
}

impl EventBody for CertificateOverlapping {
    const SCHEMA: Schema = Schema::new("connection.certificate_overlapping", 1, &[]);
}

/// A signature by this certificate's key signed somebody in for the first time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificatePromoted {
    /// The certificate's fingerprint.
    pub fingerprint: String,
}

impl EventBody for CertificatePromoted {
    const SCHEMA: Schema = Schema::new("connection.certificate_promoted", 1, &[]);
}

/// A trusted certificate ends soon, and none is trusted that lasts longer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificateRenewalRequired {
    /// The certificate's fingerprint.
    pub fingerprint: String,
    /// It ends within so many days: 30, 14, 7, 3 or 1.
    pub days: u16,
    /// The end of its validity.
    pub not_after: Timestamp,
}

impl EventBody for CertificateRenewalRequired {
    const SCHEMA: Schema = Schema::new("connection.certificate_renewal_required", 1, &[]);
}

/// A certificate that lasts longer was trusted before this one ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificateRenewed {
    /// The certificate's fingerprint.
    pub fingerprint: String,
    /// The fingerprint of the one that lasts longer.
    pub successor: String,
}

impl EventBody for CertificateRenewed {
    const SCHEMA: Schema = Schema::new("connection.certificate_renewed", 1, &[]);
}

/// The validity of a certificate that is still trusted has ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificateExpired {
    /// The certificate's fingerprint.
    pub fingerprint: String,
    /// The end of its validity.
    pub not_after: Timestamp,
}

impl EventBody for CertificateExpired {
    const SCHEMA: Schema = Schema::new("connection.certificate_expired", 1, &[]);
}

/// Signatures by this certificate's key are refused from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificateRetired {
    /// The certificate's fingerprint.
    pub fingerprint: String,
    /// Whether an operator wanted it gone. Then metadata that names it again does not bring it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_operator: bool,
}

impl EventBody for CertificateRetired {
    const SCHEMA: Schema = Schema::new("connection.certificate_retired", 1, &[]);
}
