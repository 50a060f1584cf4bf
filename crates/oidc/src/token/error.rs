use serde::Serialize;
use vestibule_kernel::{Explain, Explanation, Kind};

/// A token request that is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`crate::TOKEN_BODY_BYTES_MAX`] or more than [`crate::PARAMETERS_MAX`] parameters.
    #[error("the request is too long")]
    TooLong,
    /// The form cannot be read.
    #[error("the form cannot be read")]
    Malformed,
    /// A parameter came twice (RFC 6749 section 3.2).
    #[error("a parameter is repeated")]
    Repeated,
    /// `grant_type` is missing.
    #[error("grant_type is missing")]
    GrantTypeMissing,
    /// Another grant than `authorization_code`.
    #[error("grant_type must be authorization_code")]
    GrantTypeUnsupported,
    /// Client credentials in the Authorization header.
    #[error("the client must authenticate by client_secret_post, not by the Authorization header")]
    HeaderAuthentication,
    /// `client_id` or `client_secret` is missing.
    #[error("client_id and client_secret are required in the body")]
    CredentialsMissing,
    /// No such client, or not its secret: which of both is not told.
    #[error("the client is not known or its secret is wrong")]
    CredentialsWrong,
    /// `code` is missing.
    #[error("code is missing")]
    CodeMissing,
    /// `redirect_uri` is missing.
    #[error("redirect_uri is missing")]
    RedirectUriMissing,
    /// The code is not one of ours, or it is spent, expired or another client's.
    #[error("the code is not valid")]
    CodeInvalid,
    /// The code is older than [`crate::CODE_LIFETIME`].
    #[error("the code has expired")]
    CodeExpired,
    /// The code has been redeemed before.
    #[error("the code has been redeemed already")]
    CodeRedeemed,
    /// `redirect_uri` differs from that of the authorize request (RFC 6749 section 4.1.3).
    #[error("redirect_uri differs from the authorization request")]
    RedirectUriMismatch,
    /// The authorize request had a challenge, this request has no verifier.
    #[error("code_verifier is missing")]
    VerifierMissing,
    /// The verifier does not meet the challenge.
    #[error("code_verifier does not meet the challenge")]
    VerifierWrong,
    /// A verifier without a challenge: a sign of a downgrade (RFC 9700 section 2.1.1).
    #[error("code_verifier without a code_challenge in the authorization request")]
    VerifierUnexpected,
    /// A part of ours does not answer.
    #[error("temporarily unavailable")]
    Unavailable,
}

/// The `error` of a token response (RFC 6749 section 5.2).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TokenErrorCode {
    /// The request is malformed.
    InvalidRequest,
    /// Client authentication failed.
    InvalidClient,
    /// The code is not good for this request.
    InvalidGrant,
    /// Another grant type.
    UnsupportedGrantType,
    /// No code of the token endpoint says so; this is the one of the authorization endpoint, used with status 503.
    TemporarilyUnavailable,
}

impl TokenErrorCode {
    /// The value on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
}

impl TokenError {
    /// The `error` to answer.
    #[must_use]
    pub const fn code(self) -> TokenErrorCode {
        match self {
            Self::TooLong
            | Self::Malformed
            | Self::Repeated
            | Self::GrantTypeMissing
            | Self::CodeMissing
            | Self::RedirectUriMissing => TokenErrorCode::InvalidRequest,
            Self::GrantTypeUnsupported => TokenErrorCode::UnsupportedGrantType,
            Self::HeaderAuthentication | Self::CredentialsMissing | Self::CredentialsWrong => {
                TokenErrorCode::InvalidClient
            }
            Self::CodeInvalid
            | Self::CodeExpired
            | Self::CodeRedeemed
            | Self::RedirectUriMismatch
            | Self::VerifierMissing
            | Self::VerifierWrong
            | Self::VerifierUnexpected => TokenErrorCode::InvalidGrant,
            Self::Unavailable => TokenErrorCode::TemporarilyUnavailable,
        }
    }

    /// The HTTP status to answer with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self.code() {
            TokenErrorCode::InvalidClient => 401,
            TokenErrorCode::TemporarilyUnavailable => 503,
            TokenErrorCode::InvalidRequest | TokenErrorCode::InvalidGrant | TokenErrorCode::UnsupportedGrantType => 400,
        }
    }

    /// The `WWW-Authenticate` header, required where the client used the Authorization header (RFC 6749 section 5.2).
    #[must_use]
    pub const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::HeaderAuthentication => Some(r#"Basic realm="client_secret_post only""#),
            _ => None,
        }
    }

    /// The JSON body to answer with.
    #[must_use]
    pub fn body(self) -> serde_json::Value {
        let body = Body { error: self.code().as_str(), error_description: self.to_string() };
        serde_json::to_value(body).unwrap_or_default()
    }
}

impl Explain for TokenError {
    fn explain(&self) -> Explanation {
        let (kind, reason) = match self {
            Self::TooLong => (Kind::Invalid, "TOKEN_TOO_LONG"),
            Self::Malformed => (Kind::Invalid, "TOKEN_MALFORMED"),
            Self::Repeated => (Kind::Invalid, "TOKEN_PARAMETER_REPEATED"),
            Self::GrantTypeMissing => (Kind::Invalid, "TOKEN_GRANT_TYPE_MISSING"),
            Self::GrantTypeUnsupported => (Kind::Invalid, "TOKEN_GRANT_TYPE_UNSUPPORTED"),
            Self::HeaderAuthentication => (Kind::Unauthenticated, "TOKEN_HEADER_AUTHENTICATION"),
            Self::CredentialsMissing => (Kind::Unauthenticated, "TOKEN_CREDENTIALS_MISSING"),
            Self::CredentialsWrong => (Kind::Unauthenticated, "TOKEN_CREDENTIALS_WRONG"),
            Self::CodeMissing => (Kind::Invalid, "TOKEN_CODE_MISSING"),
            Self::RedirectUriMissing => (Kind::Invalid, "TOKEN_REDIRECT_URI_MISSING"),
            Self::CodeInvalid => (Kind::Precondition, "TOKEN_CODE_INVALID"),
            Self::CodeExpired => (Kind::Precondition, "TOKEN_CODE_EXPIRED"),
            Self::CodeRedeemed => (Kind::Precondition, "TOKEN_CODE_REDEEMED"),
            Self::RedirectUriMismatch => (Kind::Precondition, "TOKEN_REDIRECT_URI_MISMATCH"),
            Self::VerifierMissing => (Kind::Precondition, "TOKEN_VERIFIER_MISSING"),
            Self::VerifierWrong => (Kind::Precondition, "TOKEN_VERIFIER_WRONG"),
            Self::VerifierUnexpected => (Kind::Precondition, "TOKEN_VERIFIER_UNEXPECTED"),
            Self::Unavailable => (Kind::Unavailable, "TOKEN_UNAVAILABLE"),
        };
        Explanation::new(kind, reason)
    }
}
