use crate::{DirectoryError, ScimError, Verdict};

/// A person is not in the SCIM service as the registry knows them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The registry does not say how they should be.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The service did not do it.
    #[error(transparent)]
    Scim(#[from] ScimError),
}

impl Error {
    /// What may help.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Directory(_) => Verdict::Wait(None),
            Self::Scim(error) => error.verdict(),
        }
    }
}
