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
    /// The connection does not take it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl Unusable {
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.explain().reason,
            Self::Metadata(error) => error.explain().reason,
            Self::Expired { .. } => "METADATA_EXPIRED",
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
