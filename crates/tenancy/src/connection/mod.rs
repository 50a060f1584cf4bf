//! Connection: the trust of an organization in one identity provider, with its certificates.

mod event;

pub use event::{
    Binding, Certificate, CertificateRetired, CertificateTrusted, Configured, Created, Disabled, Enabled, Endpoint,
    Event, SamlIdentityProvider,
};

/// Stream category of connections.
pub const CATEGORY: &str = "connection";
