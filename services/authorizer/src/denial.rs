use vestibule_cognito_verifier::VerifyError;
use vestibule_lambda::Diagnostic;

/// Why a request does not go through.
#[derive(Debug)]
pub(crate) enum Denial {
    /// The event is not one of API Gateway's.
    Malformed,
    /// The request has no token, or two.
    TokenMissing,
    /// The token is not accepted.
    Token(VerifyError),
    /// The method is not listed.
    Method,
    /// The request does not name its organization where it must.
    OrganizationUnnamed,
}

impl Denial {
    /// Stable, `UPPER_SNAKE_CASE`.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Malformed => "EVENT_MALFORMED",
            Self::TokenMissing => "TOKEN_MISSING",
            Self::Token(error) => error.reason(),
            Self::Method => "METHOD_NOT_ALLOWED",
            Self::OrganizationUnnamed => "ORGANIZATION_UNNAMED",
        }
    }

    /// Whether another token could help: then the caller is unknown (401), not forbidden (403).
    pub(crate) const fn is_unauthorized(&self) -> bool {
        match self {
            Self::Malformed | Self::TokenMissing => true,
            Self::Token(error) => !matches!(
                error,
                VerifyError::GroupMissing
                    | VerifyError::ScopeMissing
                    | VerifyError::OrganizationMissing
                    | VerifyError::OrganizationWrong
                    | VerifyError::KeysUnavailable(_)
            ),
            Self::Method | Self::OrganizationUnnamed => false,
        }
    }
}

/// The one message of which API Gateway makes status 401.
pub(crate) fn unauthorized() -> Diagnostic {
    Diagnostic { error_type: "Unauthorized".to_owned(), error_message: "Unauthorized".to_owned() }
}
