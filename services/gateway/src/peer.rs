//! Calls to routing and saml.

use tokio::time::timeout;
use tonic::{Code, Response, Status};
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::{reason_of, resource::InvalidName};

use crate::limit::CALL_TIMEOUT;

/// Another service did not answer as needed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    /// It says that what was asked cannot be: an argument, a thing that is not there, a state that forbids it.
    #[error("the service refuses: {reason}")]
    Refused {
        reason: String,
        #[source]
        status: Box<Status>,
    },
    /// It cannot be reached, or failed.
    #[error("the service does not answer")]
    Unavailable(#[source] Box<Status>),
    /// It took longer than [`CALL_TIMEOUT`].
    #[error("the service takes too long")]
    TooSlow,
    /// Its answer is not what the contract says.
    #[error("the answer is not what the contract says")]
    OffContract(#[source] Option<InvalidName>),
}

/// Waits for the answer, at most [`CALL_TIMEOUT`].
pub(crate) async fn call<T>(answer: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, PeerError> {
    match timeout(CALL_TIMEOUT, answer).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(PeerError::from(status)),
        Err(_) => Err(PeerError::TooSlow),
    }
}

impl From<Status> for PeerError {
    fn from(status: Status) -> Self {
        let refused = matches!(status.code(), Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition);
        match reason_of(&status) {
            Some(reason) if refused => Self::Refused { reason, status: Box::new(status) },
            _ => Self::Unavailable(Box::new(status)),
        }
    }
}

impl From<InvalidName> for PeerError {
    fn from(error: InvalidName) -> Self {
        Self::OffContract(Some(error))
    }
}

impl Explain for PeerError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Refused { .. } => Explanation::new(Kind::Precondition, "PEER_REFUSED"),
            Self::Unavailable(_) | Self::TooSlow => Explanation::new(Kind::Unavailable, "PEER_UNAVAILABLE"),
            Self::OffContract(_) => Explanation::new(Kind::Internal, "PEER_OFF_CONTRACT"),
        }
    }
}
