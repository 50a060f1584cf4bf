use crate::KeySetError;

/// Why a token is not accepted. The texts name no claim's value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Longer than [`TOKEN_BYTES_MAX`](crate::TOKEN_BYTES_MAX).
    #[error("the token is larger than {} bytes", crate::TOKEN_BYTES_MAX)]
    TooLarge,
    /// Not a signed JWT with the types of claims that Cognito writes.
    #[error("the token is malformed: {0}")]
    Malformed(Malformed),
    /// Another algorithm than RS256.
    #[error("the token is not signed with RS256")]
    AlgorithmUnsupported,
    /// The header has no `kid`.
    #[error("the token does not name its key")]
    KeyIdMissing,
    /// The header's `crit` names extensions, and we understand none (RFC 7515 section 4.1.11).
    #[error("the token demands a header extension that is not understood")]
    ExtensionUnsupported,
    /// The header's `typ` is that of something else (RFC 8725 section 3.11).
    #[error("the token is of another type than a JWT")]
    TypeUnsupported,
    /// Issued by nobody who is trusted.
    #[error("the token's issuer is not trusted")]
    IssuerUnknown,
    /// The issuer does not have this key.
    #[error("the token's key is not one of its issuer's")]
    KeyUnknown,
    /// The issuer's keys are not at hand; trying again may help.
    #[error("the keys of the token's issuer are not available")]
    KeysUnavailable(#[source] KeysError),
    /// The signature does not fit.
    #[error("the token's signature is wrong")]
    SignatureInvalid,
    /// At or past its `exp`.
    #[error("the token has expired")]
    Expired,
    /// Before its `nbf`.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Another `token_use` than required.
    #[error("the token is for another use")]
    TokenUseWrong,
    /// Another app client than required.
    #[error("the token belongs to another app client")]
    ClientWrong,
    /// None of the groups required.
    #[error("the token has none of the required groups")]
    GroupMissing,
    /// None of the scopes required.
    #[error("the token has none of the required scopes")]
    ScopeMissing,
    /// Names no organization.
    #[error("the token names no organization")]
    OrganizationMissing,
    /// Another organization than required.
    #[error("the token belongs to another organization")]
    OrganizationWrong,
}

/// What is malformed about a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Not three parts of base64url without padding (RFC 7515 sections 2 and 3.1).
    #[error("it is not three parts of base64url without padding")]
    Form,
    /// The header is not a JSON object whose names are unique, or a parameter has a wrong type.
    #[error("its header is not a JSON object as RFC 7515 demands")]
    Header,
    /// The payload is not a JSON object whose names are unique.
    #[error("its claims are not a JSON object with unique names")]
    Claims,
    /// A claim that must be there is not there.
    #[error("the claim {0} is missing")]
    ClaimMissing(&'static str),
    /// A claim has a wrong type.
    #[error("the claim {0} has a wrong type")]
    ClaimType(&'static str),
}

/// Why the keys of an issuer are not at hand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// They could not be fetched.
    #[cfg(feature = "fetch")]
    #[error("the key set could not be fetched")]
    Fetch(#[source] crate::FetchError),
    /// What was fetched is not a key set.
    #[error("what was fetched is not a key set")]
    Unreadable(#[source] KeySetError),
    /// Fetching them failed a moment ago.
    #[error("fetching the key set failed a moment ago")]
    FailedRecently,
}

/// Who has to do something about an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The token is no good: get another one. HTTP 401.
    Token,
    /// The token is good and not enough for this. HTTP 403.
    Permission,
    /// The keys of the issuer cannot be had: try again. HTTP 503.
    Availability,
}

impl VerifyError {
    /// A stable name in upper snake case; programs branch on it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge => "TOKEN_TOO_LARGE",
            Self::Malformed(_) => "TOKEN_MALFORMED",
            Self::AlgorithmUnsupported => "TOKEN_ALGORITHM_UNSUPPORTED",
            Self::KeyIdMissing => "TOKEN_KEY_ID_MISSING",
            Self::ExtensionUnsupported => "TOKEN_EXTENSION_UNSUPPORTED",
            Self::TypeUnsupported => "TOKEN_TYPE_UNSUPPORTED",
            Self::IssuerUnknown => "TOKEN_ISSUER_UNKNOWN",
            Self::KeyUnknown => "TOKEN_KEY_UNKNOWN",
            Self::KeysUnavailable(_) => "KEYS_UNAVAILABLE",
            Self::SignatureInvalid => "TOKEN_SIGNATURE_INVALID",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYetValid => "TOKEN_NOT_YET_VALID",
            Self::TokenUseWrong => "TOKEN_USE_WRONG",
            Self::ClientWrong => "TOKEN_CLIENT_WRONG",
            Self::GroupMissing => "TOKEN_GROUP_MISSING",
            Self::ScopeMissing => "TOKEN_SCOPE_MISSING",
            Self::OrganizationMissing => "TOKEN_ORGANIZATION_MISSING",
            Self::OrganizationWrong => "TOKEN_ORGANIZATION_WRONG",
        }
    }

    /// Who has to do something about it.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::KeysUnavailable(_) => Fault::Availability,
            Self::GroupMissing | Self::ScopeMissing | Self::OrganizationMissing | Self::OrganizationWrong => {
                Fault::Permission
            }
            _ => Fault::Token,
        }
    }
}

impl From<Malformed> for VerifyError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}
