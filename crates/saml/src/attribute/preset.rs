use super::Claim;

/// A product, and so the names under which it sends attributes unless its administrator chose others. The usual names
/// of [`Preset::Generic`] count behind those of a product.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Preset {
    /// Any product: the usual names.
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

impl Preset {
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

    /// The product's own names of a claim, the best first, in lower case.
    pub(super) const fn names(self, claim: Claim) -> &'static [&'static str] {
        match self {
            Self::Generic => &[],
            Self::EntraId | Self::AdFs => microsoft(claim),
            Self::Okta => match claim {
                Claim::Email => &["email", "user.email", "login", "user.login"],
                Claim::GivenName => &["firstname", "user.firstname"],
                Claim::FamilyName => &["lastname", "user.lastname"],
                Claim::Name => &["displayname", "user.displayname"],
                Claim::Groups => &["groups"],
            },
            Self::Google => match claim {
                Claim::Email => &["email", "primaryemail"],
                Claim::GivenName => &["firstname", "first_name"],
                Claim::FamilyName => &["lastname", "last_name"],
                Claim::Name => &["displayname", "fullname"],
                Claim::Groups => &["groups"],
            },
            Self::Ping => match claim {
                Claim::Email => &["email", "mail"],
                Claim::GivenName => &["given_name", "givenname", "firstname"],
                Claim::FamilyName => &["family_name", "sn", "lastname"],
                Claim::Name => &["displayname", "formattedname", "cn"],
                Claim::Groups => &["memberof", "groups", "groupnames", "group_names"],
            },
            Self::OneLogin => match claim {
                Claim::Email => &["user.email"],
                Claim::GivenName => &["user.firstname"],
                Claim::FamilyName => &["user.lastname"],
                Claim::Name => &["user.displayname", "user.name"],
                Claim::Groups => &["memberof"],
            },
            Self::Keycloak => match claim {
                // The OID is PKCS #9's, which Keycloak takes for the address.
                Claim::Email => &["email", "urn:oid:1.2.840.113549.1.9.1"],
                Claim::GivenName => &["firstname", "urn:oid:2.5.4.42"],
                Claim::FamilyName => &["lastname", "urn:oid:2.5.4.4"],
                Claim::Name => &["name", "displayname"],
                Claim::Groups => &["groups", "member"],
            },
            Self::SimpleSamlPhp | Self::Shibboleth => research(claim),
        }
    }
}

const fn microsoft(claim: Claim) -> &'static [&'static str] {
    match claim {
        Claim::Email => &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"],
        Claim::GivenName => &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"],
        Claim::FamilyName => &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"],
        Claim::Name => &[
            "http://schemas.microsoft.com/identity/claims/displayname",
            "http://schemas.xmlsoap.org/claims/commonname",
        ],
        Claim::Groups => &[
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
            "http://schemas.xmlsoap.org/claims/group",
        ],
    }
}

/// `inetOrgPerson` and eduPerson, by OID or by short name.
const fn research(claim: Claim) -> &'static [&'static str] {
    match claim {
        Claim::Email => &["urn:oid:0.9.2342.19200300.100.1.3", "mail"],
        Claim::GivenName => &["urn:oid:2.5.4.42", "givenname"],
        Claim::FamilyName => &["urn:oid:2.5.4.4", "sn"],
        Claim::Name => &["urn:oid:2.16.840.1.113730.3.1.241", "displayname", "urn:oid:2.5.4.3", "cn"],
        Claim::Groups => &["urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "ismemberof"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::names::usual;

    #[test]
    fn names_are_written_as_they_are_compared() {
        for claim in Claim::ALL {
            let products = Preset::ALL.into_iter().flat_map(|preset| preset.names(claim));
            for name in products.chain(usual(claim)) {
                assert_eq!(*name, name.to_ascii_lowercase());
            }
        }
    }
}
