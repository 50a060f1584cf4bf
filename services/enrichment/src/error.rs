use vestibule_cognito::{ReservedClaim, TriggerError};
use vestibule_eventlog::ReadError;
use vestibule_kernel::{Explain, Explanation, Kind};

/// Why there are no tokens. Cognito may show the texts to people: they name nobody and nothing internal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnrichmentError {
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    #[error("this user pool is not registered")]
    UserPoolUnknown,
    #[error("this person is not known")]
    PersonUnknown,
    #[error("the organization is suspended")]
    OrganizationSuspended,
    #[error("the organization does not use this user pool")]
    OtherUserPool,
    #[error("too many unknown people at once: try again in a moment")]
    LookupsExhausted,
    #[error("the view of the event log is not current: {state}")]
    ViewStale { state: &'static str },
    #[error(transparent)]
    Log(#[from] ReadError),
    #[error("a claim of ours is reserved by Cognito")]
    Claim(#[from] ReservedClaim),
}

impl Explain for EnrichmentError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Trigger(error) => error.explain(),
            Self::UserPoolUnknown => Explanation::new(Kind::NotFound, "USER_POOL_UNKNOWN"),
            Self::PersonUnknown => Explanation::new(Kind::Forbidden, "PERSON_UNKNOWN"),
            Self::OrganizationSuspended => Explanation::new(Kind::Forbidden, "ORGANIZATION_SUSPENDED"),
            Self::OtherUserPool => Explanation::new(Kind::Forbidden, "OTHER_USER_POOL"),
            Self::LookupsExhausted => Explanation::new(Kind::Exhausted, "LOOKUPS_EXHAUSTED"),
            Self::ViewStale { .. } => Explanation::new(Kind::Unavailable, "VIEW_STALE"),
            Self::Log(error) => error.explain(),
            Self::Claim(_) => Explanation::new(Kind::Internal, "CLAIM_RESERVED"),
        }
    }
}
