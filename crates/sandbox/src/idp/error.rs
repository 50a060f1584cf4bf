use vestibule_saml_idp::IdpError;

use crate::web::ClientError;

/// The simulated identity providers could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetUpError {
    /// A signing key could not be made.
    #[error("the signing key of the simulated identity provider software {software:?} could not be made")]
    Key {
        /// [`crate::roster::Login::software`].
        software: &'static str,
        /// Why.
        source: IdpError,
    },
    /// The HTTP client that reads metadata could not be made.
    #[error("the simulated identity providers cannot read metadata")]
    Client(#[from] ClientError),
}
