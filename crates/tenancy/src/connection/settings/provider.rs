use serde::{Deserialize, Serialize};

use super::SubjectSource;

/// A product whose attribute names are known.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Any other.
    #[default]
    Generic,
    /// Microsoft Entra ID.
    EntraId,
    /// Okta.
    Okta,
    /// Microsoft AD FS.
    AdFs,
    /// Google Workspace.
    Google,
    /// `PingFederate` and `PingOne`.
    Ping,
    /// `OneLogin`.
    OneLogin,
    /// Keycloak.
    Keycloak,
    /// SimpleSAMLphp.
    SimpleSamlPhp,
    /// Shibboleth.
    Shibboleth,
}

/// `objectidentifier` of Entra ID: the id of the user object.
const OBJECT_ID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";

/// OASIS SAML V2.0 Subject Identifier Attributes, section 3.3: never given to anybody else.
const SUBJECT_ID: &str = "urn:oasis:names:tc:SAML:attribute:subject-id";

/// The same profile, section 3.4: as stable, and another one for each service provider.
const PAIRWISE_ID: &str = "urn:oasis:names:tc:SAML:attribute:pairwise-id";

/// `eduPersonUniqueId`.
const UNIQUE_ID: &str = "urn:oid:1.3.6.1.4.1.5923.1.1.1.13";

impl Provider {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Generic,
        Self::EntraId,
        Self::Okta,
        Self::AdFs,
        Self::Google,
        Self::Ping,
        Self::OneLogin,
        Self::Keycloak,
        Self::SimpleSamlPhp,
        Self::Shibboleth,
    ];

    /// The attributes in which the product can send what never changes and is never given to somebody else, the best
    /// first. Exact names.
    #[must_use]
    pub const fn immutable_attributes(self) -> &'static [&'static str] {
        match self {
            Self::EntraId => &[OBJECT_ID],
            Self::Okta => &["user.id"],
            Self::AdFs => &["objectGUID"],
            Self::OneLogin => &["PersonImmutableID"],
            Self::SimpleSamlPhp | Self::Shibboleth => &[SUBJECT_ID, PAIRWISE_ID, UNIQUE_ID],
            Self::Generic | Self::Google | Self::Ping | Self::Keycloak => &[],
        }
    }

    /// By what people of a new connection are recognised unless somebody says otherwise: the immutable attribute of a
    /// product that sends one without being told to.
    #[must_use]
    pub fn usual_subject(self) -> SubjectSource {
        match self {
            Self::EntraId => SubjectSource::Attribute { name: OBJECT_ID.to_owned() },
            _ => SubjectSource::NameId,
        }
    }

    /// Stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::EntraId => "entra_id",
            Self::Okta => "okta",
            Self::AdFs => "ad_fs",
            Self::Google => "google",
            Self::Ping => "ping",
            Self::OneLogin => "one_login",
            Self::Keycloak => "keycloak",
            Self::SimpleSamlPhp => "simple_saml_php",
            Self::Shibboleth => "shibboleth",
        }
    }
}
