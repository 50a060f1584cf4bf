//! Connection: the trust of an organization in one identity provider, with its certificates.

mod address;
mod command;
mod decide;
mod event;
mod rejection;
pub mod settings;

pub use address::ServiceProviderAddresses;
pub use command::{Command, Configure, Create, SamlMetadata};
pub use decide::{Connection, Trust};
pub use event::{
    Binding, Certificate, CertificateRetired, CertificateTrusted, Configured, Created, Disabled, Enabled, Endpoint,
    Event, LogoutEndpoint, SamlIdentityProvider,
};
pub use rejection::Rejection;
pub use settings::{
    AttributeRule, CertificateValidity, CheckedSettings, ClaimName, Encryption, Provider, RoleRule, SamlSettings,
    SignRequests, SubjectSource,
};

/// Stream category of connections.
pub const CATEGORY: &str = "connection";
