use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_storage::StorageError;

use crate::{
    page::Words,
    peer::PeerError,
    pending::UnsealError,
    record::Unsealable,
    refusal::{OUR_FAULT, Refusal},
    report::Responsible,
};

/// The identity provider's answer is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum AcsError {
    #[error("no connection has this address")]
    UnknownConnection,
    #[error("the answer is too large or incomplete")]
    TooLarge,
    #[error("the answer is not a form with a SAMLResponse")]
    Malformed,
    /// No `RelayState` of ours: nobody asked for it (SAML Profiles section 4.1.5), and nobody could tell a person who
    /// signs in from one who is signed in by somebody else.
    #[error("nobody asked for this answer")]
    Unsolicited,
    /// The connection allows it, and the application has no address at which sign-ins begin.
    #[error("the application has no address at which others can have a sign-in begin")]
    NoInitiation,
    /// The browser did not send the cookie of this sign-in.
    #[error("the browser holds no sign-in for this answer")]
    CookieLost,
    /// The sign-in was finished before: the page was reloaded, or somebody went back to it.
    #[error("the sign-in has been finished already")]
    Reloaded,
    /// The answer came after Cognito's patience had ended.
    #[error("the answer came too late")]
    Late,
    /// The answer came to the address of another connection than the request went out from.
    #[error("the answer came over another connection than the request")]
    OtherConnection,
    /// The client, or its redirect URI, is not registered any more.
    #[error("the user pool's registration changed during the sign-in")]
    ClientChanged,
    /// The verdict.
    #[error("the response is refused: {reason}")]
    Refused { reason: String, responsible: Responsible },
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Seal(#[from] UnsealError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Record(#[from] Unsealable),
}

impl Explain for AcsError {
    fn explain(&self) -> Explanation {
        match self {
            Self::UnknownConnection => Explanation::new(Kind::NotFound, "CONNECTION_NOT_FOUND"),
            Self::TooLarge => Explanation::new(Kind::Invalid, "RESPONSE_TOO_LARGE"),
            Self::Malformed => Explanation::new(Kind::Invalid, "RESPONSE_FORM_MALFORMED"),
            Self::Unsolicited => Explanation::new(Kind::Invalid, "RESPONSE_UNSOLICITED"),
            Self::NoInitiation => Explanation::new(Kind::Precondition, "INITIATE_LOGIN_URI_MISSING"),
            Self::CookieLost => Explanation::new(Kind::Invalid, "PENDING_SIGN_IN_LOST"),
            Self::Reloaded => Explanation::new(Kind::Conflict, "PENDING_SIGN_IN_FINISHED"),
            Self::Late => Explanation::new(Kind::Invalid, "PENDING_SIGN_IN_LATE"),
            Self::OtherConnection => Explanation::new(Kind::Invalid, "RESPONSE_OVER_OTHER_CONNECTION"),
            Self::ClientChanged => Explanation::new(Kind::Precondition, "USER_POOL_CHANGED"),
            Self::Refused { .. } => Explanation::new(Kind::Forbidden, "RESPONSE_REFUSED"),
            Self::Peer(error) => error.explain(),
            Self::Seal(error) => error.explain(),
            Self::Storage(error) => error.explain(),
            Self::Record(_) => Explanation::new(Kind::Internal, "CODE_NOT_SEALED"),
        }
    }
}

impl Refusal for AcsError {
    fn responsible(&self) -> Responsible {
        match self {
            Self::UnknownConnection | Self::TooLarge | Self::Malformed | Self::Unsolicited | Self::OtherConnection => {
                Responsible::IdentityProvider
            }
            Self::CookieLost | Self::Reloaded | Self::Late | Self::Seal(UnsealError::Foreign) => Responsible::Person,
            Self::Refused { responsible, .. } => *responsible,
            Self::ClientChanged
            | Self::NoInitiation
            | Self::Peer(_)
            | Self::Seal(UnsealError::Key(_))
            | Self::Storage(_)
            | Self::Record(_) => Responsible::Operator,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Refused { reason, .. } | Self::Peer(PeerError::Refused { reason, .. }) => reason.clone(),
            _ => self.explain().reason.to_owned(),
        }
    }

    fn words(&self) -> Words {
        match self {
            Self::UnknownConnection => Words {
                title: "This address is not in use",
                text: "Your organization’s sign-in page sent you to an address that does not exist here.",
                advice: "Please tell the administrator of your organization, with the reference below.",
            },
            Self::TooLarge | Self::Malformed | Self::OtherConnection => Words {
                title: "The answer could not be read",
                text: "Your organization’s sign-in page sent an answer that we cannot use.",
                advice: "Please tell the administrator of your organization, with the reference below.",
            },
            Self::Unsolicited | Self::NoInitiation => Words {
                title: "Please start from the application",
                text: "Your organization sent you here without the application having asked for it.",
                advice: "Open the application and sign in from there.",
            },
            Self::CookieLost | Self::Seal(UnsealError::Foreign) => Words {
                title: "We lost track of your sign-in",
                text: "Your browser did not send the cookie that belongs to this sign-in. It may be blocked, or you \
                       began in another browser or with several newer tabs.",
                advice: "Please allow cookies for this site and start again from the application.",
            },
            Self::Reloaded => Words {
                title: "You have signed in already",
                text: "This page belongs to a sign-in that was completed. Loading it again does nothing.",
                advice: "Please go back to the application.",
            },
            Self::Late => Words {
                title: "That took too long",
                text: "A sign-in must be finished within five minutes, and this one was not.",
                advice: "Please start again from the application.",
            },
            Self::ClientChanged => Words {
                title: "The application changed meanwhile",
                text: "The settings of the application were changed while you signed in.",
                advice: "Please start again from the application.",
            },
            Self::Refused { .. } => Words {
                title: "Your sign-in was not accepted",
                text: "Your organization’s sign-in page answered, but the answer did not pass our checks.",
                advice: "Please try again. If it happens again, tell the administrator of your organization, with the \
                         reference below.",
            },
            Self::Peer(_) | Self::Seal(UnsealError::Key(_)) | Self::Storage(_) | Self::Record(_) => OUR_FAULT,
        }
    }
}
