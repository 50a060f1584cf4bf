//! The lives of an identity provider's certificates.

mod event;
mod lifecycle;

pub use event::{
    CertificateExpired, CertificateObserved, CertificateOverlapping, CertificatePromoted, CertificateRenewalRequired,
    CertificateRenewed, CertificateRetired, CertificateTrusted,
};
pub(super) use lifecycle::By;
pub use lifecycle::{OVERLAP_MAX, RENEWAL_DAYS};
