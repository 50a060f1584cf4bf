//! What a connection's settings mean to the SAML engine.

use vestibule_saml::{Claim, ClaimRule, Mapping, Preset, SubjectSource};
use vestibule_tenancy::connection::{self, ClaimName, Provider, SamlSettings};

/// How the attributes of a connection are read.
pub(crate) fn of(settings: &SamlSettings) -> Mapping {
    let rule =
        |rule: &connection::AttributeRule| ClaimRule { claim: claim(rule.claim), attributes: rule.attributes.clone() };
    Mapping {
        preset: preset(settings.provider),
        rules: settings.attributes.iter().map(rule).collect(),
        subject: match &settings.subject {
            connection::SubjectSource::NameId => SubjectSource::NameId,
            connection::SubjectSource::Attribute { name } => SubjectSource::Attribute(name.clone()),
        },
    }
}

/// The engine's name of a claim.
pub(crate) const fn claim(name: ClaimName) -> Claim {
    match name {
        ClaimName::Email => Claim::Email,
        ClaimName::GivenName => Claim::GivenName,
        ClaimName::FamilyName => Claim::FamilyName,
        ClaimName::Name => Claim::Name,
        ClaimName::Groups => Claim::Groups,
    }
}

const fn preset(provider: Provider) -> Preset {
    match provider {
        Provider::Generic => Preset::Generic,
        Provider::EntraId => Preset::EntraId,
        Provider::Okta => Preset::Okta,
        Provider::AdFs => Preset::AdFs,
        Provider::Google => Preset::Google,
        Provider::Ping => Preset::Ping,
        Provider::OneLogin => Preset::OneLogin,
        Provider::Keycloak => Preset::Keycloak,
        Provider::SimpleSamlPhp => Preset::SimpleSamlPhp,
        Provider::Shibboleth => Preset::Shibboleth,
    }
}
