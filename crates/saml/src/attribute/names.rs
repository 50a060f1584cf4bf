use super::Claim;

/// Under which names identity providers send a claim, the best name first, in lower case: names are compared without
/// regard to case.
///
/// Entra ID and AD FS send the URIs of `schemas.xmlsoap.org` and `schemas.microsoft.com`, Shibboleth and
/// SimpleSAMLphp the OIDs of LDAP attributes (or their short names), Okta and Google what the administrator typed.
pub(super) const fn usual(claim: Claim) -> &'static [&'static str] {
    match claim {
        Claim::Email => &[
            "email",
            "mail",
            "emailaddress",
            "email_address",
            "e-mail",
            "user.email",
            "primaryemail",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "http://schemas.xmlsoap.org/claims/emailaddress",
            "urn:oid:0.9.2342.19200300.100.1.3",
        ],
        Claim::GivenName => &[
            "given_name",
            "givenname",
            "firstname",
            "first_name",
            "user.firstname",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
            "urn:oid:2.5.4.42",
        ],
        Claim::FamilyName => &[
            "family_name",
            "familyname",
            "surname",
            "sn",
            "lastname",
            "last_name",
            "user.lastname",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
            "urn:oid:2.5.4.4",
        ],
        Claim::Name => &[
            "displayname",
            "display_name",
            "name",
            "fullname",
            "full_name",
            "user.displayname",
            "http://schemas.microsoft.com/identity/claims/displayname",
            "urn:oid:2.16.840.1.113730.3.1.241",
            "cn",
            "http://schemas.xmlsoap.org/claims/commonname",
            "urn:oid:2.5.4.3",
            // Entra ID writes the user principal name here: better than nothing, worse than all others.
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        ],
        Claim::Groups => &[
            "groups",
            "group",
            "memberof",
            "ismemberof",
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
            "http://schemas.xmlsoap.org/claims/group",
            "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
            "urn:oid:1.2.840.113556.1.2.102",
        ],
    }
}

/// Stands for the groups when there are more than Entra ID puts into a token: an address to ask for them.
pub(super) const GROUPS_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";
