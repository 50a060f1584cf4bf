use vestibule_kernel::{Explain, Explanation, Kind};

use super::{State, response::failure_location};
use crate::RedirectUri;

/// An authorize request that is not accepted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuthorizeError {
    /// To be shown on a page: it is not certain where an answer may go (RFC 6749 section 4.1.2.1).
    #[error(transparent)]
    Page(#[from] AuthorizePageError),
    /// To be sent to the relying party.
    #[error(transparent)]
    Failure(#[from] AuthorizeFailure),
}

/// What is shown to the person, because redirecting would make us an open redirector.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuthorizePageError {
    /// The query is longer than [`crate::QUERY_BYTES_MAX`] or has more than [`crate::PARAMETERS_MAX`] parameters.
    #[error("the request is too long")]
    TooLong,
    /// The query cannot be read.
    #[error("the request cannot be read")]
    Malformed,
    /// `client_id` is missing or repeated.
    #[error("the request names no application, or several")]
    ClientIdMissing,
    /// No client has this `client_id`.
    #[error("the application is not known here")]
    UnknownClient,
    /// `redirect_uri` is missing or repeated.
    #[error("the request says not where to return to, or it says several places")]
    RedirectUriMissing,
    /// `redirect_uri` is none of the client's.
    #[error("the place to return to is not registered for the application")]
    RedirectUriUnregistered,
}

impl Explain for AuthorizePageError {
    fn explain(&self) -> Explanation {
        match self {
            Self::TooLong => Explanation::new(Kind::Invalid, "AUTHORIZE_TOO_LONG"),
            Self::Malformed => Explanation::new(Kind::Invalid, "AUTHORIZE_MALFORMED"),
            Self::ClientIdMissing => Explanation::new(Kind::Invalid, "AUTHORIZE_CLIENT_ID_MISSING"),
            Self::UnknownClient => Explanation::new(Kind::NotFound, "AUTHORIZE_UNKNOWN_CLIENT"),
            Self::RedirectUriMissing => Explanation::new(Kind::Invalid, "AUTHORIZE_REDIRECT_URI_MISSING"),
            Self::RedirectUriUnregistered => Explanation::new(Kind::Forbidden, "AUTHORIZE_REDIRECT_URI_UNREGISTERED"),
        }
    }
}

/// What is sent back to the relying party as an error response (RFC 6749 section 4.1.2.1).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct AuthorizeFailure {
    /// Where to: a registered address of the client.
    pub redirect_uri: RedirectUri,
    /// The `state` to return with it.
    pub state: Option<State>,
    /// The `error`.
    pub code: AuthorizeErrorCode,
    /// The `error_description`: for the developer, and never with data of the request in it.
    pub description: &'static str,
}

impl AuthorizeFailure {
    /// The address to redirect to.
    #[must_use]
    pub fn location(&self) -> String {
        failure_location(&self.redirect_uri, self.state.as_ref(), self.code, self.description)
    }
}

impl Explain for AuthorizeFailure {
    fn explain(&self) -> Explanation {
        self.code.explanation()
    }
}

/// The `error` of an authorization response (RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AuthorizeErrorCode {
    /// The request is malformed.
    InvalidRequest,
    /// The person or we said no.
    AccessDenied,
    /// Another response type than `code`.
    UnsupportedResponseType,
    /// `openid` is not among the scopes.
    InvalidScope,
    /// A fault of ours.
    ServerError,
    /// A part of ours does not answer; trying again later may help.
    TemporarilyUnavailable,
    /// `prompt=none`, and we never know a person without asking.
    LoginRequired,
    /// `request` (OpenID Connect Core section 6.1).
    RequestNotSupported,
    /// `request_uri` (OpenID Connect Core section 6.2).
    RequestUriNotSupported,
    /// `registration` (OpenID Connect Core section 7.2.1).
    RegistrationNotSupported,
}

impl AuthorizeErrorCode {
    /// The value on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
        }
    }

    const fn explanation(self) -> Explanation {
        match self {
            Self::InvalidRequest => Explanation::new(Kind::Invalid, "AUTHORIZE_INVALID_REQUEST"),
            Self::AccessDenied => Explanation::new(Kind::Forbidden, "AUTHORIZE_ACCESS_DENIED"),
            Self::UnsupportedResponseType => Explanation::new(Kind::Invalid, "AUTHORIZE_UNSUPPORTED_RESPONSE_TYPE"),
            Self::InvalidScope => Explanation::new(Kind::Invalid, "AUTHORIZE_INVALID_SCOPE"),
            Self::ServerError => Explanation::new(Kind::Internal, "AUTHORIZE_SERVER_ERROR"),
            Self::TemporarilyUnavailable => Explanation::new(Kind::Unavailable, "AUTHORIZE_TEMPORARILY_UNAVAILABLE"),
            Self::LoginRequired => Explanation::new(Kind::Precondition, "AUTHORIZE_LOGIN_REQUIRED"),
            Self::RequestNotSupported => Explanation::new(Kind::Invalid, "AUTHORIZE_REQUEST_NOT_SUPPORTED"),
            Self::RequestUriNotSupported => Explanation::new(Kind::Invalid, "AUTHORIZE_REQUEST_URI_NOT_SUPPORTED"),
            Self::RegistrationNotSupported => Explanation::new(Kind::Invalid, "AUTHORIZE_REGISTRATION_NOT_SUPPORTED"),
        }
    }
}
