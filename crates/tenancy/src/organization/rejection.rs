use vestibule_kernel::{Explain, Explanation, Kind};

/// Why an organization says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// It exists already.
    #[error("the organization exists already")]
    AlreadyExists,
    /// It does not exist.
    #[error("the organization does not exist")]
    NotFound,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::AlreadyExists => Explanation::new(Kind::AlreadyExists, "ORGANIZATION_ALREADY_EXISTS"),
            Self::NotFound => Explanation::new(Kind::NotFound, "ORGANIZATION_NOT_FOUND"),
        }
    }
}
