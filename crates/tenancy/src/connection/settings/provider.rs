use serde::{Deserialize, Serialize};

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
    /// PingFederate and PingOne.
    Ping,
    /// OneLogin.
    OneLogin,
    /// Keycloak.
    Keycloak,
    /// SimpleSAMLphp.
    SimpleSamlPhp,
    /// Shibboleth.
    Shibboleth,
}

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
