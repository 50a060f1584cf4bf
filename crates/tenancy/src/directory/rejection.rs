use vestibule_kernel::{Explain, Explanation, Kind};

use super::TOKENS_MAX;

/// Why a directory says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// It exists already.
    #[error("the directory exists already")]
    AlreadyExists,
    /// There is no such directory.
    #[error("the directory does not exist")]
    NotFound,
    /// Its users are found by what it said of them before.
    #[error(
        "the directory has users, who are recognised by the subject as it was said: let it delete them, change the subject, and let it make them again"
    )]
    HasUsers,
    /// A change-over needs two, more are only more to lose.
    #[error("the directory has {TOKENS_MAX} tokens already: retire one first")]
    TokensFull,
    /// There never was such a token.
    #[error("the directory has no such token")]
    TokenNotFound,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::AlreadyExists => Explanation::new(Kind::AlreadyExists, "DIRECTORY_ALREADY_EXISTS"),
            Self::NotFound => Explanation::new(Kind::NotFound, "DIRECTORY_NOT_FOUND"),
            Self::HasUsers => Explanation::new(Kind::Precondition, "DIRECTORY_HAS_USERS"),
            Self::TokensFull => Explanation::new(Kind::Precondition, "DIRECTORY_TOKENS_FULL"),
            Self::TokenNotFound => Explanation::new(Kind::NotFound, "DIRECTORY_TOKEN_NOT_FOUND"),
        }
    }
}
