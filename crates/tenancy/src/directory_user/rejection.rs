use vestibule_kernel::{Explain, Explanation, Kind};

/// Why a directory's user says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// The directory has no such user, or no more.
    #[error("the directory has no such user")]
    NotFound,
    /// The stream is that of another directory or another person; the index that found it is wrong.
    #[error("the user found is not the user meant")]
    SomebodyElse,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotFound => Explanation::new(Kind::NotFound, "RESOURCE_NOT_FOUND"),
            Self::SomebodyElse => Explanation::new(Kind::Corrupt, "DIRECTORY_USER_MISMATCH"),
        }
    }
}
