use vestibule_fetch::FetchError;
use vestibule_kernel::{Explain, Explanation, Timestamp};
use vestibule_saml::MetadataError;
use vestibule_tenancy::connection::Rejection;

use crate::field::InvalidFields;

/// Why the metadata at an address is not used. What was known before still counts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// It cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is no metadata of one identity provider, or not signed as it must be.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// It is not to be believed any more.
    #[error("the metadata was valid until {until}: fetch a current document")]
    Expired {
        /// Until when it was.
        until: Timestamp,
    },
    /// The pinned certificate cannot be used.
    #[error("the certificate that is pinned for the metadata's signature cannot be used")]
    Pin,
    /// It says more than an event holds.
    #[error("the metadata says more than can be recorded: fewer or smaller certificates, shorter names and addresses")]
    TooLarge,
    /// The connection does not take it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl Unusable {
    /// Whether its host is in trouble, so that asking it for another document gains nothing now. One that answers with
    /// something else, and be it that it has no such document, is in none: others have theirs there.
    pub(super) const fn is_of_host(&self) -> bool {
        matches!(
            self,
            Self::Fetch(
                FetchError::NameUnresolved(_)
                    | FetchError::TooSlow
                    | FetchError::Transport(_)
                    | FetchError::Status(429 | 500..=599)
            )
        )
    }

    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.explain().reason,
            Self::Metadata(error) => error.explain().reason,
            Self::Expired { .. } => "METADATA_EXPIRED",
            Self::TooLarge => "METADATA_UNUSABLE",
            Self::Pin => "CERTIFICATE_MALFORMED",
            Self::Rejected(rejection) => rejection.explain().reason,
        }
    }
}

impl Explain for Unusable {
    fn explain(&self) -> Explanation {
        // Whoever names an address reads why it is not taken, however it fails.
        InvalidFields::one(self.reason(), "connection.saml.metadata_url", self.to_string()).explain()
    }
}
