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
}
