//! The many names of a few facts.

use std::{collections::HashSet, fmt};

use crate::{Assertion, Attribute, NameId, limit, name::name_id_format};

/// The claims of OpenID Connect that attributes are normalised to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Claim {
    /// `email`
    Email,
    /// `given_name`
    GivenName,
    /// `family_name`
    FamilyName,
    /// `name`
    Name,
    /// `groups`
    Groups,
}

impl Claim {
    /// The claim's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::Name => "name",
            Self::Groups => "groups",
        }
    }
}

/// Under which names identity providers send a claim, the best name first; compared without regard to case.
///
/// Entra ID and AD FS send the URIs of `schemas.xmlsoap.org` and `schemas.microsoft.com`, Shibboleth and
/// SimpleSAMLphp the OIDs of LDAP attributes (or their short names), Okta and Google what the administrator typed.
const NAMES: &[(Claim, &[&str])] = &[
    (
        Claim::Email,
        &[
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
    ),
    (
        Claim::GivenName,
        &[
            "given_name",
            "givenname",
            "firstname",
            "first_name",
            "user.firstname",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
            "urn:oid:2.5.4.42",
        ],
    ),
    (
        Claim::FamilyName,
        &[
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
    ),
    (
        Claim::Name,
        &[
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
    ),
    (
        Claim::Groups,
        &[
            "groups",
            "group",
            "memberof",
            "ismemberof",
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
            "http://schemas.xmlsoap.org/claims/group",
            "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
            "urn:oid:1.2.840.113556.1.2.102",
        ],
    ),
];

/// A person as one identity provider describes them, in the words of OpenID Connect. Its `Debug` shows no values.
#[derive(Clone, Eq, PartialEq)]
pub struct NormalisedIdentity {
    /// The NameID: the subject unless the connection chooses an attribute.
    pub subject: NameId,
    /// Whether the NameID is transient, so that nobody can be recognised by it and the connection must choose an
    /// attribute.
    pub subject_is_transient: bool,
    /// The e-mail address: from an attribute, else from a NameID with the e-mail format. Whose domain it is has
    /// not been looked at.
    pub email: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The groups, each once, in the order in which they came, at most [`limit::GROUPS_MAX`].
    pub groups: Vec<String>,
    /// Whether there were more groups than the limit.
    pub groups_truncated: bool,
    /// Claims with one value that came with several different ones; none of them was taken.
    pub ambiguous: Vec<Claim>,
    /// Claims with a value beyond [`limit::CLAIM_CHARS_MAX`]; it was not taken.
    pub oversized: Vec<Claim>,
    /// The names of the attributes that mean none of these claims.
    pub unmapped: Vec<String>,
}

impl fmt::Debug for NormalisedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |value: &Option<String>| if value.is_some() { "redacted" } else { "none" };
        f.debug_struct("NormalisedIdentity")
            .field("subject", &self.subject)
            .field("email", &told(&self.email))
            .field("given_name", &told(&self.given_name))
            .field("family_name", &told(&self.family_name))
            .field("name", &told(&self.name))
            .field("groups", &format_args!("{} redacted", self.groups.len()))
            .field("ambiguous", &self.ambiguous)
            .field("oversized", &self.oversized)
            .field("unmapped", &self.unmapped)
            .finish_non_exhaustive()
    }
}

/// Puts an assertion's attributes into the words of OpenID Connect.
///
/// Of several attributes that mean the same claim the one with the best name counts. A claim with one value that
/// comes with several different ones is left out, because nobody can say which is meant.
#[must_use]
pub fn normalise(assertion: &Assertion) -> NormalisedIdentity {
    let mut reader = Reader { attributes: &assertion.attributes, ambiguous: Vec::new(), oversized: Vec::new() };
    let subject = assertion.subject.clone();
    let email = reader.one(Claim::Email);
    let is_address = subject.format == name_id_format::EMAIL_ADDRESS && !reader.ambiguous.contains(&Claim::Email);
    let email = email.or_else(|| is_address.then(|| subject.value.trim().to_owned()));
    let (given_name, family_name) = (reader.one(Claim::GivenName), reader.one(Claim::FamilyName));
    let name = reader.one(Claim::Name);
    let (groups, groups_truncated) = reader.groups();
    NormalisedIdentity {
        subject_is_transient: subject.is_transient(),
        subject,
        email,
        given_name,
        family_name,
        name,
        groups,
        groups_truncated,
        ambiguous: reader.ambiguous,
        oversized: reader.oversized,
        unmapped: unmapped(&assertion.attributes),
    }
}

struct Reader<'a> {
    attributes: &'a [Attribute],
    ambiguous: Vec<Claim>,
    oversized: Vec<Claim>,
}

impl<'a> Reader<'a> {
    /// The value of a claim that has one.
    fn one(&mut self, claim: Claim) -> Option<String> {
        let values = self.values(claim);
        match values.as_slice() {
            [] => None,
            [only] => Some((*only).to_owned()),
            _ => {
                self.ambiguous.push(claim);
                None
            }
        }
    }

    fn groups(&mut self) -> (Vec<String>, bool) {
        let values = self.values(Claim::Groups);
        let truncated = values.len() > limit::GROUPS_MAX;
        (values.into_iter().take(limit::GROUPS_MAX).map(str::to_owned).collect(), truncated)
    }

    /// The different values under the best name that has any, without white space around them.
    fn values(&mut self, claim: Claim) -> Vec<&'a str> {
        let names = NAMES.iter().find(|(each, _)| *each == claim).map_or(&[][..], |(_, names)| *names);
        for name in names {
            let (mut distinct, mut seen) = (Vec::new(), HashSet::new());
            for value in self.attributes.iter().filter(|each| is_named(each, name)).flat_map(|each| &each.values) {
                let value = value.trim();
                if value.chars().count() > limit::CLAIM_CHARS_MAX {
                    if !self.oversized.contains(&claim) {
                        self.oversized.push(claim);
                    }
                } else if !value.is_empty() && seen.insert(value) {
                    distinct.push(value);
                }
            }
            if !distinct.is_empty() {
                return distinct;
            }
        }
        Vec::new()
    }
}

/// By Name; by FriendlyName only when the Name itself means nothing here.
fn is_named(attribute: &Attribute, name: &str) -> bool {
    if is_known(&attribute.name) {
        return attribute.name.eq_ignore_ascii_case(name);
    }
    attribute.friendly_name.as_deref().is_some_and(|friendly| friendly.eq_ignore_ascii_case(name))
}

fn is_known(name: &str) -> bool {
    NAMES.iter().flat_map(|(_, names)| *names).any(|known| known.eq_ignore_ascii_case(name))
}

fn unmapped(attributes: &[Attribute]) -> Vec<String> {
    let mut unmapped: Vec<String> = Vec::new();
    for attribute in attributes {
        let known = is_known(&attribute.name) || attribute.friendly_name.as_deref().is_some_and(is_known);
        if !known && !unmapped.contains(&attribute.name) {
            unmapped.push(attribute.name.clone());
        }
    }
    unmapped
}
