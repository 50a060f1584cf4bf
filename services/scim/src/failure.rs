use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tonic::{Code, Status};
use vestibule_rpc::{field_violations, reason_of};
use vestibule_scim::{ErrorMessage, Refusal, ScimType};

use crate::http::answer;

/// Why a request is not answered as the directory meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No token, or one that is not good here.
    #[error("a bearer token of this directory is required")]
    Unauthenticated,
    /// Too many requests.
    #[error("too many requests, or too many at once: wait a second")]
    TooManyRequests,
    /// There is nothing.
    #[error("there is no such resource")]
    NotFound,
    /// The resource is there and cannot be asked for that.
    #[error("the method is not supported here")]
    MethodNotAllowed,
    /// A part of the protocol that is not offered; `ServiceProviderConfig` says so.
    #[error("this is not supported; see ServiceProviderConfig")]
    NotImplemented,
    /// The body is too large, or did not come whole.
    #[error("the body is larger than 1 MiB, or incomplete")]
    TooLarge,
    /// The body does not come.
    #[error("the body has not come in time")]
    BodyTooSlow,
    /// There is no place, or no answer in time.
    #[error("too much is asked for at the same time")]
    Busy,
    /// A question that is not answered, so that nobody takes something else for its answer.
    #[error("there is no filter here (RFC 7644 section 4)")]
    Forbidden,
    /// The body is something else.
    #[error("the body must be application/scim+json or application/json")]
    MediaType,
    /// The query string cannot be read.
    #[error("the query string cannot be read, or has a parameter twice")]
    Query,
    /// The resource is not the one the directory has seen.
    #[error("the resource is not at this version any more")]
    PreconditionFailed,
    /// The message is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The registry says no, or does not answer.
    #[error("the registry refuses")]
    Registry(#[source] Box<Status>),
    /// The registry's answer is not what its contract says.
    #[error("the registry's answer cannot be read")]
    OffContract,
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        match (status.code(), reason_of(&status).as_deref()) {
            (Code::Unauthenticated, Some("DIRECTORY_TOKEN_UNKNOWN")) => Self::Unauthenticated,
            (Code::NotFound, _) => Self::NotFound,
            (Code::Aborted, Some("ETAG_MISMATCH")) => Self::PreconditionFailed,
            _ => Self::Registry(Box::new(status)),
        }
    }
}

/// What is said when nothing may be.
const NOT_NOW: &str = "the service cannot answer now: try again later";

impl Failure {
    /// Whether it is the filter that is not understood.
    pub(crate) fn is_about_the_filter(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.scim_type() == ScimType::InvalidFilter,
            Self::Registry(status) => keyword(status) == Some(ScimType::InvalidFilter),
            _ => false,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Query | Self::Refused(_) => StatusCode::BAD_REQUEST,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::Registry(status) => match status.code() {
                Code::InvalidArgument => StatusCode::BAD_REQUEST,
                Code::AlreadyExists => StatusCode::CONFLICT,
                Code::FailedPrecondition | Code::Aborted | Code::ResourceExhausted | Code::Unavailable => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::OffContract => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The keyword, and what is said (RFC 7644 section 3.12).
    fn message(&self) -> ErrorMessage {
        let status = self.status().as_u16();
        match self {
            Self::Refused(refusal) => ErrorMessage::new(status, Some(refusal.scim_type()), &refusal.to_string()),
            Self::Query => ErrorMessage::new(status, Some(ScimType::InvalidValue), &self.to_string()),
            Self::Registry(refused) => match refused.code() {
                Code::InvalidArgument => ErrorMessage::new(status, keyword(refused), refused.message()),
                Code::AlreadyExists => ErrorMessage::new(status, Some(ScimType::Uniqueness), refused.message()),
                // The connection is set in a way in which a directory cannot work: its operator has to know.
                Code::FailedPrecondition => ErrorMessage::new(status, None, refused.message()),
                _ => ErrorMessage::new(status, None, NOT_NOW),
            },
            Self::OffContract | Self::Busy => ErrorMessage::new(status, None, NOT_NOW),
            failure => ErrorMessage::new(status, None, &failure.to_string()),
        }
    }
}

fn keyword(refused: &Status) -> Option<ScimType> {
    let violations = field_violations(refused);
    violations.iter().find_map(|(field, _)| ScimType::ALL.into_iter().find(|keyword| keyword.as_str() == field))
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = %vestibule_kernel::Chain(&self), status = status.as_u16(), "SCIM request failed");
        } else {
            tracing::info!(reason = %self, status = status.as_u16(), "SCIM request refused");
        }
        let mut response = answer(status, &self.message());
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"scim\""));
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
