use vestibule_kernel::{Explain, Explanation, Kind};

/// Why a directory's group says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// The directory has no such group, or no more.
    #[error("the directory has no such group")]
    NotFound,
    /// The id is taken.
    #[error("the group exists already")]
    AlreadyExists,
    /// Members would keep what the group gave them.
    #[error("the group has members still")]
    HasMembers,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotFound => Explanation::new(Kind::NotFound, "RESOURCE_NOT_FOUND"),
            Self::AlreadyExists => Explanation::new(Kind::AlreadyExists, "DIRECTORY_GROUP_EXISTS"),
            Self::HasMembers => Explanation::new(Kind::Conflict, "DIRECTORY_GROUP_HAS_MEMBERS"),
        }
    }
}
