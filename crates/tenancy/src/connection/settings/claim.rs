use serde::{Deserialize, Serialize};

/// The claims that attributes are normalised to (OpenID Connect Core section 5.1, and `groups`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimName {
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

impl ClaimName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Email, Self::GivenName, Self::FamilyName, Self::Name, Self::Groups];

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

    /// The claim of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.as_str() == name)
    }
}

/// From which attributes a claim comes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AttributeRule {
    /// The claim.
    pub claim: ClaimName,
    /// Names of attributes, the best first.
    pub attributes: Vec<String>,
}
