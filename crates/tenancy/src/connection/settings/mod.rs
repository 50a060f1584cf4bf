//! How one identity provider is dealt with: whose words it speaks, who is who, what is tolerated.

mod check;
mod choice;
mod claim;
pub mod limit;
mod provider;
mod role;
mod violation;

use serde::{Deserialize, Serialize};
use vestibule_kernel::Timestamp;

pub use check::CheckedSettings;
pub use choice::{CertificateValidity, Encryption, SignRequests, SubjectSource};
pub use claim::{AttributeRule, ClaimName};
pub use provider::Provider;
pub use role::RoleRule;
pub use violation::{SettingsProblem, SettingsViolation};

/// How a SAML identity provider is dealt with. The default is what a connection without settings does. It is stored as
/// a whole; what an older event leaves out is the default.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct SamlSettings {
    /// The product, and so the names under which it sends attributes.
    #[serde(skip_serializing_if = "is_default")]
    pub provider: Provider,
    /// By what a person is recognised.
    #[serde(skip_serializing_if = "is_default")]
    pub subject: SubjectSource,
    /// From which attributes claims come; these win over the product's, and those over the usual names.
    #[serde(skip_serializing_if = "is_default")]
    pub attributes: Vec<AttributeRule>,
    /// Claims without which nobody signs in.
    #[serde(skip_serializing_if = "is_default")]
    pub required_claims: Vec<ClaimName>,
    /// What groups of the identity provider mean in our words.
    #[serde(skip_serializing_if = "is_default")]
    pub roles: Vec<RoleRule>,
    /// By how much its clock may differ from ours; `None` is what the deployment allows.
    #[serde(skip_serializing_if = "is_default")]
    pub clock_skew_seconds: Option<u16>,
    /// Whether our requests are signed.
    #[serde(skip_serializing_if = "is_default")]
    pub sign_requests: SignRequests,
    /// The NameID format that is asked for (SAML core section 3.4.1.1).
    #[serde(skip_serializing_if = "is_default")]
    pub name_id_format: Option<String>,
    /// The authentication contexts of which one is asked for, compared exactly (SAML core section 3.3.2.2.1).
    #[serde(skip_serializing_if = "is_default")]
    pub requested_authn_context: Vec<String>,
    /// Whether people have to prove anew who they are at every sign-in.
    #[serde(skip_serializing_if = "is_default")]
    pub force_authn: bool,
    /// Whether assertions must be encrypted.
    #[serde(skip_serializing_if = "is_default")]
    pub encryption: Encryption,
    /// Whether a Response that answers no request of ours sends the browser on to begin a sign-in.
    #[serde(skip_serializing_if = "is_default")]
    pub idp_initiated: bool,
    /// Until when signatures over SHA-1 are taken.
    #[serde(skip_serializing_if = "is_default")]
    pub sha1_until: Option<Timestamp>,
    /// What the validity of a trusted certificate means.
    #[serde(skip_serializing_if = "is_default")]
    pub certificate_validity: CertificateValidity,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
