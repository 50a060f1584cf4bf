use vestibule_kernel::{Explain, Explanation, Kind};

/// Why a person says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// The stream is that of somebody else. The index that found it is wrong, and nobody may be signed in on its word.
    #[error("the person found is not the person meant")]
    SomebodyElse,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::SomebodyElse => Explanation::new(Kind::Corrupt, "PERSON_MISMATCH"),
        }
    }
}
