use vestibule_kernel::{Explain, Explanation, Kind};

/// Why a claim policy says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// The stream belongs to the policy of something else.
    #[error("this is the policy of something else")]
    OtherTarget,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::OtherTarget => Explanation::new(Kind::Internal, "CLAIM_POLICY_TARGET"),
        }
    }
}
