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
    /// A trigger, or a version of its event, that is not answered.
    #[error(
        "this trigger or this version of its event is not supported: configure pre token generation with version V2_0"
    )]
    Unsupported,
}

impl Explain for TriggerError {
    fn explain(&self) -> Explanation {
        let reason = match self {
            Self::TooLarge => "TRIGGER_TOO_LARGE",
            Self::NotAnObject(_) | Self::Repeated | Self::Member { .. } => "TRIGGER_MALFORMED",
            Self::Identities => "IDENTITIES_MALFORMED",
            Self::Unsupported => "TRIGGER_UNSUPPORTED",
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
