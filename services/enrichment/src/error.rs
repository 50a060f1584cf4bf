use vestibule_cognito::{AnswerError, TriggerError};
use vestibule_eventlog::ReadError;
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_tenancy::claim_policy::Denied;

/// Why there are no tokens. Cognito may show the texts to people: they name nobody and nothing internal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnrichmentError {
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
    #[error("this user pool is not registered")]
    UserPoolUnknown,
    #[error("this person is not known")]
    PersonUnknown,
    #[error("this person may not sign in")]
    PersonDeactivated,
    #[error("this session has ended: sign in again")]
    PersonSignedOut,
    #[error("the organization is suspended")]
    OrganizationSuspended,
    #[error("the organization does not use this user pool")]
    OtherUserPool,
    #[error("this application is not available to the organization")]
    AppClientNotAllowed,
    #[error("this way to sign in is closed")]
    ConnectionDisabled,
    #[error("the e-mail address is not in a domain of the organization: sign in again")]
    DomainUnverified,
    #[error("this username is reserved")]
    UsernameReserved,
    #[error("signing in by a challenge is not set up")]
    ChallengeUnconfigured,
    #[error("the tokens would have too many claims")]
    ClaimsTooMany,
    #[error("too many unknown people at once: try again in a moment")]
    LookupsExhausted,
    #[error("the view of the event log is not current: {state}")]
    ViewStale { state: &'static str },
    #[error(transparent)]
    Log(#[from] ReadError),
}

impl From<Denied> for EnrichmentError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::AppClientNotAllowed { .. } => Self::AppClientNotAllowed,
            Denied::TooManyClaims => Self::ClaimsTooMany,
        }
    }
}

impl Explain for EnrichmentError {
    fn explain(&self) -> Explanation {
        let forbidden = |reason| Explanation::new(Kind::Forbidden, reason);
        match self {
            Self::Trigger(error) => error.explain(),
            Self::Answer(error) => error.explain(),
            Self::UserPoolUnknown => Explanation::new(Kind::NotFound, "USER_POOL_UNKNOWN"),
            Self::PersonUnknown => forbidden("PERSON_UNKNOWN"),
            Self::PersonDeactivated => forbidden("PERSON_DEACTIVATED"),
            Self::PersonSignedOut => forbidden("PERSON_SIGNED_OUT"),
            Self::OrganizationSuspended => forbidden("ORGANIZATION_SUSPENDED"),
            Self::OtherUserPool => forbidden("OTHER_USER_POOL"),
            Self::AppClientNotAllowed => forbidden("APP_CLIENT_NOT_ALLOWED"),
            Self::ConnectionDisabled => forbidden("CONNECTION_DISABLED"),
            Self::DomainUnverified => forbidden("DOMAIN_UNVERIFIED"),
            Self::UsernameReserved => forbidden("USERNAME_RESERVED"),
            Self::ChallengeUnconfigured => Explanation::new(Kind::Precondition, "CHALLENGE_UNCONFIGURED"),
            Self::ClaimsTooMany => Explanation::new(Kind::Precondition, "CLAIMS_TOO_MANY"),
            Self::LookupsExhausted => Explanation::new(Kind::Exhausted, "LOOKUPS_EXHAUSTED"),
            Self::ViewStale { .. } => Explanation::new(Kind::Unavailable, "VIEW_STALE"),
            Self::Log(error) => error.explain(),
        }
    }
}
