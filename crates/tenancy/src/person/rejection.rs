use vestibule_kernel::{Explain, Explanation, Kind};

/// Why a person says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// The stream is that of somebody else. The index that found it is wrong, and nobody may be signed in on its word.
    #[error("the person found is not the person meant")]
    SomebodyElse,
    /// There is no such person.
    #[error("the person does not exist")]
    NotFound,
    /// The person may not sign in.
    #[error("the person is deactivated")]
    Deactivated,
    /// The person was re-linked since the subject was looked up: look again.
    #[error("the subject does not belong to the person any more")]
    SubjectMoved,
    /// The person turned out to be another one, for good.
    #[error("the person was superseded by another one, for good: name that one")]
    Superseded,
    /// Nobody supersedes themselves.
    #[error("a person cannot supersede themselves")]
    SupersedesThemselves,
    /// The duplicate is a native user, too, who would lose the organization unseen.
    #[error("the duplicate person is linked to a native user of a user pool: unlink that first")]
    DuplicateHasNativeUser,
    /// One native user a pool.
    #[error("the person is another native user of this user pool already: unlink that first")]
    NativeUserInPool,
    /// The person is no native user of the pool.
    #[error("the person is no native user of this user pool")]
    NativeUserNotLinked,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::SomebodyElse => Explanation::new(Kind::Corrupt, "PERSON_MISMATCH"),
            Self::NotFound => Explanation::new(Kind::NotFound, "PERSON_NOT_FOUND"),
            Self::Deactivated => Explanation::new(Kind::Precondition, "PERSON_DEACTIVATED"),
            Self::SubjectMoved => Explanation::new(Kind::Conflict, "PERSON_SUBJECT_MOVED"),
            Self::Superseded => Explanation::new(Kind::Precondition, "PERSON_SUPERSEDED"),
            Self::SupersedesThemselves => {
                Explanation::field("PERSON_SUPERSEDES_THEMSELVES", "duplicate", self.to_string())
            }
            Self::DuplicateHasNativeUser | Self::NativeUserInPool => {
                Explanation::new(Kind::Precondition, "PERSON_HAS_NATIVE_USER")
            }
            Self::NativeUserNotLinked => Explanation::new(Kind::Precondition, "NATIVE_USER_NOT_LINKED"),
        }
    }
}
