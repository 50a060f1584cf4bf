use vestibule_kernel::{ConnectionId, OrganizationId};

use super::{Certificate, CheckedSettings, SamlIdentityProvider};
use crate::{DisplayName, Note};

/// What can be asked of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Begin to exist, disabled.
    Create(Create),
    /// Change some properties.
    Configure(Configure),
    /// Let people sign in through it.
    Enable,
    /// Let nobody sign in through it.
    Disable {
        /// Why.
        note: Note,
    },
}

/// The properties of a new connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Create {
    /// Its id.
    pub connection: ConnectionId,
    /// Whose it is; that the organization exists is for the caller to see.
    pub organization: OrganizationId,
    /// What people read when they have to choose.
    pub display_name: DisplayName,
    /// The identity provider.
    pub metadata: SamlMetadata,
    /// How it is dealt with.
    pub settings: CheckedSettings,
}

/// Properties to change; what is absent stays as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Configure {
    /// What people read.
    pub display_name: Option<DisplayName>,
    /// The identity provider as it describes itself now. Certificates that it does not name any more are retired.
    pub metadata: Option<SamlMetadata>,
    /// How the identity provider is dealt with from now on, as a whole.
    pub settings: Option<CheckedSettings>,
}

/// A SAML identity provider as its metadata describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SamlMetadata {
    /// All but the certificates.
    pub identity_provider: SamlIdentityProvider,
    /// Its signing certificates, in the order of the document.
    pub certificates: Vec<Certificate>,
}
