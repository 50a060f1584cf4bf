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
            Self::TokensFull => Explanation::new(Kind::Precondition, "DIRECTORY_TOKENS_FULL"),
            Self::TokenNotFound => Explanation::new(Kind::NotFound, "DIRECTORY_TOKEN_NOT_FOUND"),
        }
    }
}
