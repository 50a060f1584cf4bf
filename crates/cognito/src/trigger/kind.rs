/// A Lambda trigger of a user pool.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Trigger {
    /// Tokens are about to be signed, at a sign-in or a refresh, for a user or for a client itself.
    PreTokenGeneration,
    /// An external identity provider has answered; no user was written yet.
    InboundFederation,
    /// A user is about to be made.
    PreSignUp,
    /// A user is about to be authenticated.
    PreAuthentication,
    /// A user has been authenticated.
    PostAuthentication,
    /// A user was confirmed, or has set a forgotten password anew.
    PostConfirmation,
    /// What comes next in a sign-in by challenges.
    DefineAuthChallenge,
    /// A challenge is to be posed.
    CreateAuthChallenge,
    /// The answer to a challenge is to be judged.
    VerifyAuthChallengeResponse,
}

/// Each trigger with the beginning of its sources, and the highest version of its event that is known.
const KNOWN: [(&str, Trigger, u8); 9] = [
    ("TokenGeneration_", Trigger::PreTokenGeneration, 3),
    ("InboundFederation_", Trigger::InboundFederation, 1),
    ("PreSignUp_", Trigger::PreSignUp, 1),
    ("PreAuthentication_", Trigger::PreAuthentication, 1),
    ("PostAuthentication_", Trigger::PostAuthentication, 1),
    ("PostConfirmation_", Trigger::PostConfirmation, 1),
    ("DefineAuthChallenge_", Trigger::DefineAuthChallenge, 1),
    ("CreateAuthChallenge_", Trigger::CreateAuthChallenge, 1),
    ("VerifyAuthChallengeResponse_", Trigger::VerifyAuthChallengeResponse, 1),
];

impl Trigger {
    /// The trigger that has this source, such as `TokenGeneration_HostedAuth`. Cognito adds sources to a trigger, so only
    /// the beginning counts.
    pub(super) fn of(source: &str) -> Option<Self> {
        KNOWN.iter().find(|(prefix, ..)| source.starts_with(prefix)).map(|(_, trigger, _)| *trigger)
    }

    /// Whether the layout of this version of its event is known.
    pub(super) fn has_version(self, version: u8) -> bool {
        let highest = KNOWN.iter().find(|(_, trigger, _)| *trigger == self).map_or(0, |(.., highest)| *highest);
        (1..=highest).contains(&version)
    }

    /// Its name in Cognito's configuration, for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreTokenGeneration => "PreTokenGeneration",
            Self::InboundFederation => "InboundFederation",
            Self::PreSignUp => "PreSignUp",
            Self::PreAuthentication => "PreAuthentication",
            Self::PostAuthentication => "PostAuthentication",
            Self::PostConfirmation => "PostConfirmation",
            Self::DefineAuthChallenge => "DefineAuthChallenge",
            Self::CreateAuthChallenge => "CreateAuthChallenge",
            Self::VerifyAuthChallengeResponse => "VerifyAuthChallengeResponse",
        }
    }
}
