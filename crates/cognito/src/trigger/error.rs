use vestibule_kernel::{Explain, Explanation, Kind};

use super::TriggerEvent;
use crate::Token;

/// A trigger event that cannot be worked on. The texts name members of the event and never their values: Cognito shows
/// them to people.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// Larger than [`TriggerEvent::JSON_BYTES_MAX`].
    #[error("the trigger event is larger than {} bytes", TriggerEvent::JSON_BYTES_MAX)]
    TooLarge,
    /// Not a JSON object.
    #[error("the trigger event is not a JSON object")]
    NotAnObject(#[source] serde_json::Error),
    /// A member appears twice, so that two readers could read two events.
    #[error("the trigger event has a member twice")]
    Repeated,
    /// A member that is needed is missing or of another type.
    #[error("the trigger event has no usable {member}")]
    Member {
        /// Its path.
        member: &'static str,
    },
    /// The attribute `identities` is not a list of identities.
    #[error("the trigger event has no usable identities")]
    Identities,
    /// Username, status and identities of a user do not belong together.
    #[error("the trigger event contradicts itself about who the user is")]
    Contradictory,
    /// A trigger, or a source of one, that is not answered.
    #[error("this trigger is not supported")]
    Unsupported,
    /// A version of a trigger's event that is not known.
    #[error("this version of the trigger's event is not supported")]
    VersionUnsupported,
}

impl Explain for TriggerError {
    fn explain(&self) -> Explanation {
        let reason = match self {
            Self::TooLarge => "TRIGGER_TOO_LARGE",
            Self::NotAnObject(_) | Self::Repeated | Self::Member { .. } => "TRIGGER_MALFORMED",
            Self::Identities => "IDENTITIES_MALFORMED",
            Self::Contradictory => "IDENTITY_CONTRADICTORY",
            Self::Unsupported => "TRIGGER_UNSUPPORTED",
            Self::VersionUnsupported => "TRIGGER_VERSION_UNSUPPORTED",
        };
        Explanation::field(reason, "event_json", self.to_string())
    }
}

/// A claim that only Cognito itself decides about.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the claim {name} of the {token:?} token is Cognito's own")]
pub struct ReservedClaim {
    /// The token.
    pub token: Token,
    /// The claim.
    pub name: String,
}

impl Explain for ReservedClaim {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Invalid, "CLAIM_RESERVED")
    }
}

/// An event cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// What came does not allow it.
    #[error(transparent)]
    Event(#[from] TriggerError),
    /// What should be answered is not ours to say.
    #[error(transparent)]
    Reserved(#[from] ReservedClaim),
    /// What should be answered has no form in JSON.
    #[error("the answer has no form in JSON")]
    Unwritable(#[source] serde_json::Error),
}

impl Explain for AnswerError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Event(error) => error.explain(),
            Self::Reserved(_) => Explanation::new(Kind::Internal, "CLAIM_RESERVED"),
            Self::Unwritable(_) => Explanation::new(Kind::Internal, "ANSWER_UNWRITABLE"),
        }
    }
}
