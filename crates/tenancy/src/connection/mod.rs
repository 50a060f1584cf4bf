//! Connection: the trust of an organization in one identity provider, with its certificates.

mod address;
mod certificate;
mod command;
mod decide;
mod event;
mod key;
mod observe;
mod refresh;
mod rejection;
pub mod settings;
mod tried;
mod trust;

pub use address::ServiceProviderAddresses;
pub use certificate::{
    CertificateExpired, CertificateObserved, CertificateOverlapping, CertificatePromoted, CertificateRenewalRequired,
    CertificateRenewed, CertificateRetired, CertificateTrusted, OVERLAP_MAX, RENEWAL_DAYS,
};
pub use command::{Command, Configure, Create, NewCertificates, NoteTest, ObserveMetadata, Provenance, SamlMetadata};
pub use decide::Connection;
pub use event::{
    Binding, Certificate, Configured, Created, Disabled, Enabled, Endpoint, Event, LogoutEndpoint,
    MetadataChangeProposed, MetadataChangeSettled, MetadataSource, Replaced, SamlIdentityProvider, SourceChange,
    Tested,
};
pub use key::{
    KeyActionRequired, KeyActivated, KeyAdded, KeyDestroyed, KeyRetired, KeyUse, KnownKey, ServiceProviderKey,
};
pub use observe::CERTIFICATES_MAX;
pub use refresh::{FAILURE_TOLD_EVERY, MetadataRefreshFailed, MetadataRefreshed, REPLACED_MAX, Refresh};
pub use rejection::Rejection;
pub use settings::{
    AttributeRule, CertificateValidity, CheckedSettings, ClaimName, Encryption, Provider, RoleRule, SamlSettings,
    SignRequests, SubjectSource,
};
pub use tried::Tried;
pub use trust::{CertificateState, LEFT_MAX, Progress, Trust};

/// Stream category of connections.
pub const CATEGORY: &str = "connection";
/// Unique across the deployment: the ticket of a test sign-in counts once. Key: the test's id.
pub const TEST: &str = "connection.test";
