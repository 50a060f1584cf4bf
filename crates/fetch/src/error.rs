use vestibule_kernel::{Explain, Explanation, Kind};

use crate::{Refused, limit};

/// Why a document could not be fetched. Nothing of what was answered is in it, apart from the status and where a redirect
/// leads.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Not an http or https URL, too long, or with credentials or a fragment.
    #[error("the address is not a URL such as https://idp.example/metadata, without credentials and fragment")]
    AddressMalformed,
    /// Plain http is not allowed.
    #[error("the address is not https")]
    PlainHttp,
    /// It leads to an address that is not public.
    #[error(transparent)]
    AddressRefused(#[from] Refused),
    /// The name has no address.
    #[error("the host's name has no address")]
    NameUnresolved(#[source] std::io::Error),
    /// A redirect away from the origin.
    #[error("the address redirects elsewhere, which is not followed: {0}")]
    RedirectedElsewhere(Box<str>),
    /// Too many redirects.
    #[error("the address redirects more than {} times", limit::REDIRECTS_MAX)]
    TooManyRedirects,
    /// Another status than 200.
    #[error("the address answers with status {0}")]
    Status(u16),
    /// The answer is encoded, though none of the encodings was offered.
    #[error("the answer is compressed, though nothing but plain answers was asked for")]
    Encoded,
    /// More bytes than the caller takes.
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// Not done in [`limit::TOTAL_TIMEOUT`], or silent for [`limit::IDLE_TIMEOUT`].
    #[error("the answer was not complete in time")]
    TooSlow,
    /// No connection, no TLS, no answer in time, or a broken one.
    #[error("the address does not answer as it should")]
    Transport(#[source] reqwest::Error),
    /// This side cannot speak TLS: no certificate authority is known, or the file of the own one cannot be read.
    #[error("the HTTP client cannot be set up: the certificate authorities cannot be read")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl FetchError {
    /// Whether another address has to be configured, so that trying this one again gains nothing.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::AddressMalformed | Self::PlainHttp | Self::AddressRefused(_) | Self::RedirectedElsewhere(_)
        )
    }
}

impl Explain for FetchError {
    fn explain(&self) -> Explanation {
        let (kind, reason) = match self {
            Self::AddressMalformed => (Kind::Invalid, "FETCH_ADDRESS_MALFORMED"),
            Self::PlainHttp => (Kind::Invalid, "FETCH_ADDRESS_NOT_HTTPS"),
            Self::AddressRefused(_) => (Kind::Invalid, "FETCH_ADDRESS_REFUSED"),
            Self::NameUnresolved(_) => (Kind::Precondition, "FETCH_NAME_UNRESOLVED"),
            Self::RedirectedElsewhere(_) => (Kind::Invalid, "FETCH_REDIRECTED_ELSEWHERE"),
            Self::TooManyRedirects => (Kind::Precondition, "FETCH_TOO_MANY_REDIRECTS"),
            Self::Status(_) => (Kind::Precondition, "FETCH_STATUS"),
            Self::Encoded => (Kind::Precondition, "FETCH_ENCODED"),
            Self::TooLarge { .. } => (Kind::Precondition, "FETCH_TOO_LARGE"),
            Self::TooSlow => (Kind::Precondition, "FETCH_TOO_SLOW"),
            Self::Transport(_) => (Kind::Precondition, "FETCH_NO_ANSWER"),
            Self::Client(_) => (Kind::Internal, "FETCH_CLIENT_UNFIT"),
        };
        Explanation::new(kind, reason)
    }
}
