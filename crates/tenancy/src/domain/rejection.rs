use vestibule_kernel::{Explain, Explanation, Kind};

/// Why a claim on a domain says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// The claim exists already.
    #[error("the domain is claimed already")]
    AlreadyClaimed,
    /// There is no such claim.
    #[error("the domain does not exist")]
    NotFound,
    /// The name was given up; it can be claimed anew.
    #[error("the domain was given up: claim it anew")]
    Released,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::AlreadyClaimed => Explanation::new(Kind::AlreadyExists, "DOMAIN_ALREADY_CLAIMED"),
            Self::NotFound => Explanation::new(Kind::NotFound, "DOMAIN_NOT_FOUND"),
            Self::Released => Explanation::new(Kind::Precondition, "DOMAIN_RELEASED"),
        }
    }
}
