use super::limit;

/// A setting that cannot be saved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SettingsViolation {
    /// The field, below the settings.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: SettingsProblem,
}

/// What is wrong with a setting. The message is the whole rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsProblem {
    /// Not the name of an attribute.
    #[error(
        "the name of an attribute has 1 to {} characters, no control or text-direction characters and no space at \
         either end",
        limit::NAME_CHARS_MAX
    )]
    AttributeName,
    /// A claim without a name to look for.
    #[error("a claim comes from 1 to {} attributes, each named once", limit::NAMES_PER_CLAIM_MAX)]
    AttributeNames,
    /// Two rules for one claim.
    #[error("a claim has one rule, which names its attributes best first")]
    ClaimTwice,
    /// A required claim named twice.
    #[error("a required claim is named once")]
    RequiredTwice,
    /// Not a group.
    #[error("a group has 1 to {} characters and no control or text-direction characters", limit::NAME_CHARS_MAX)]
    Group,
    /// Not a role.
    #[error("a role has 1 to 64 lower-case letters (a to z), digits and `.`, `_`, `:`, `-`")]
    Role,
    /// A rule that says what another says.
    #[error("a pair of group and role is named once")]
    RoleTwice,
    /// Too many roles.
    #[error("at most {} rules for roles", limit::ROLE_RULES_MAX)]
    RolesTooMany,
    /// Too much skew.
    #[error(
        "clocks may differ by at most {} seconds: whoever is further off has to set their clock",
        limit::CLOCK_SKEW_SECONDS_MAX
    )]
    ClockSkew,
    /// Not a format of a NameID.
    #[error("a NameID format is a URI of at most {} characters", limit::URI_CHARS_MAX)]
    NameIdFormat,
    /// A NameID nobody can be recognised by.
    #[error("a transient NameID recognises nobody: choose the attribute that does, or ask for another format")]
    NameIdTransient,
    /// Not an authentication context.
    #[error(
        "at most {} authentication contexts, each once and a URI of at most {} characters",
        limit::CONTEXTS_MAX,
        limit::URI_CHARS_MAX
    )]
    AuthnContext,
    /// The exception for SHA-1 lies in the past, or lasts too long.
    #[error("the exception for SHA-1 ends in the future, at most {} days ahead", limit::WEAK_DIGEST_DAYS_MAX)]
    Sha1Until,
}

impl SettingsProblem {
    /// The stable reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AttributeName => "ATTRIBUTE_NAME_INVALID",
            Self::AttributeNames | Self::ClaimTwice => "ATTRIBUTE_RULE_INVALID",
            Self::RequiredTwice => "REQUIRED_CLAIM_INVALID",
            Self::Group => "GROUP_INVALID",
            Self::Role => "ROLE_INVALID",
            Self::RoleTwice | Self::RolesTooMany => "ROLE_RULE_INVALID",
            Self::ClockSkew => "CLOCK_SKEW_INVALID",
            Self::NameIdFormat | Self::NameIdTransient => "NAME_ID_FORMAT_INVALID",
            Self::AuthnContext => "AUTHN_CONTEXT_INVALID",
            Self::Sha1Until => "SHA1_EXCEPTION_INVALID",
        }
    }
}
