use vestibule_kernel::{Explain, Explanation, Kind};

/// A text breaks the rule of what it is meant to be. The message is the whole rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not a slug.
    #[error("a slug has 2 to 63 lower-case letters (a to z), digits and hyphens, and no hyphen at either end")]
    Slug,
    /// Not an external id.
    #[error("an external id has 1 to 128 bytes, no control or text-direction characters and no space at either end")]
    ExternalId,
    /// Not a display name.
    #[error(
        "a display name has 1 to 200 characters, no control or text-direction characters and no space at either end"
    )]
    DisplayName,
    /// Not a tier.
    #[error("a tier has at most 40 characters, no control or text-direction characters and no space at either end")]
    Tier,
    /// Not a note.
    #[error("a note has at most 500 characters and no control or text-direction characters except line breaks")]
    Note,
    /// A note is required.
    #[error("a note is required: say what this relies on")]
    NoteMissing,
    /// Not an AWS region.
    #[error("an AWS region looks like `eu-west-1`")]
    Region,
    /// Not Cognito's id of a user pool.
    #[error("the id of a user pool looks like `eu-west-1_AbCd12345`: at most 55 characters")]
    PoolId,
    /// Not the domain of a user pool.
    #[error(
        "the domain of a user pool is a lower-case host name such as `acme.auth.eu-west-1.amazoncognito.com`, \
             without scheme and path; a port only on `localhost` or `127.0.0.1`"
    )]
    PoolDomain,
    /// Not a name for an identity provider in a user pool.
    #[error("the name of an identity provider in a user pool has 3 to 32 characters, no white space and no `_`")]
    ProviderName,
    /// Not the id of an app client.
    #[error("the id of an app client has 1 to 128 letters, digits, `_` and `+`")]
    AppClientId,
    /// Not a DNS name.
    #[error("not a DNS name: labels of letters, digits and inner hyphens, 63 bytes each and 253 together (UTS 46)")]
    DomainName,
    /// A single label cannot be claimed.
    #[error("a domain name has at least two labels, such as `acme.example`")]
    DomainNameSingleLabel,
    /// An address of a machine.
    #[error("an IP address is not a domain name")]
    DomainNameIsAddress,
    /// Not a role.
    #[error("a role has 1 to 64 of the characters a to z, 0 to 9, `.`, `_`, `:` and `-`")]
    Role,
    /// Not the `sub` of a user of a user pool.
    #[error(
        "the `sub` of a user of a user pool is a UUID in lower case, such as `33ba4a1e-9f0c-4b3e-8a37-0a1b2c3d4e5f`"
    )]
    NativeUserId,
    /// Not an address of an application.
    #[error(
        "an address of the application is an absolute https address (http on loopback hosts only) without user and \
             fragment, at most 1,024 ASCII characters"
    )]
    ApplicationUri,
    /// Not the name of a group of a user pool.
    #[error("the name of a group has 1 to 128 characters, no white space and no control characters")]
    GroupName,
    /// Not exactly one address.
    #[error("not exactly one e-mail address of the form local@domain")]
    Email,
}

impl NameError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Slug => "SLUG_INVALID",
            Self::ExternalId => "EXTERNAL_ID_INVALID",
            Self::DisplayName => "DISPLAY_NAME_INVALID",
            Self::Tier => "TIER_INVALID",
            Self::Note => "NOTE_INVALID",
            Self::NoteMissing => "NOTE_REQUIRED",
            Self::Region => "REGION_INVALID",
            Self::PoolId => "POOL_ID_INVALID",
            Self::PoolDomain => "POOL_DOMAIN_INVALID",
            Self::ProviderName => "PROVIDER_NAME_INVALID",
            Self::AppClientId => "APP_CLIENT_ID_INVALID",
            Self::DomainName | Self::DomainNameSingleLabel | Self::DomainNameIsAddress => "DOMAIN_NAME_INVALID",
            Self::Role => "ROLE_INVALID",
            Self::NativeUserId => "NATIVE_USER_ID_INVALID",
            Self::ApplicationUri => "APPLICATION_URI_INVALID",
            Self::GroupName => "GROUP_NAME_INVALID",
            Self::Email => "EMAIL_INVALID",
        }
    }
}

impl Explain for NameError {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Invalid, self.reason())
    }
}
