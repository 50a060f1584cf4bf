use vestibule_kernel::{Explain, Explanation, Kind};

/// Why an assertion says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// It has signed somebody in before.
    #[error("the assertion was accepted before")]
    Replayed,
    /// It was never accepted.
    #[error("the assertion was never accepted")]
    NotAccepted,
    /// The code made from it was exchanged before (RFC 6749 section 4.1.2).
    #[error("the authorization code was redeemed before")]
    AlreadyRedeemed,
    /// It was accepted for the sign-in of another user pool.
    #[error("the assertion was accepted for another user pool")]
    ForeignUserPool,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::Replayed => Explanation::new(Kind::Precondition, "ASSERTION_REPLAYED"),
            Self::NotAccepted => Explanation::new(Kind::NotFound, "ASSERTION_NOT_ACCEPTED"),
            Self::AlreadyRedeemed => Explanation::new(Kind::Precondition, "CODE_ALREADY_REDEEMED"),
            Self::ForeignUserPool => Explanation::new(Kind::Forbidden, "ASSERTION_FOREIGN_USER_POOL"),
        }
    }
}
