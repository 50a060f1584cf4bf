use vestibule_kernel::{Explain, Explanation, Kind};

/// Why a signing key says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// There is no such key.
    #[error("no signing key has this id")]
    NotFound,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotFound => Explanation::new(Kind::NotFound, "SIGNING_KEY_NOT_FOUND"),
        }
    }
}
