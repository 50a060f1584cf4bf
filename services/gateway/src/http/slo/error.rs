use vestibule_kernel::{Explain, Explanation, Kind};

use crate::{
    page::Words,
    peer::PeerError,
    pending::UnsealError,
    refusal::{OUR_FAULT, Refusal},
    report::Responsible,
};

/// A logout message is not taken, or the identity provider did not do what we asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum SloError {
    #[error("no connection has this address")]
    UnknownConnection,
    /// No single logout message, or larger than anybody's.
    #[error("there is no logout message that can be read")]
    Malformed,
    /// An answer that this browser waits for nothing of.
    #[error("nobody asked for this answer")]
    Unsolicited,
    /// The answer came to the address of another connection than the request went out from.
    #[error("the answer came over another connection than the request")]
    OtherConnection,
    /// The answer came when nobody waited for it any more.
    #[error("the answer came too late")]
    Late,
    /// The session has ended at the identity provider, but not everywhere.
    #[error("the identity provider could not end all sessions")]
    Partial,
    /// The identity provider says that it did not do it.
    #[error("the identity provider did not end the session")]
    NotDone,
    /// The verdict.
    #[error("the logout message is refused: {reason}")]
    Refused { reason: String, responsible: Responsible },
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Seal(#[from] UnsealError),
}

/// The reason of a LogoutRequest that was heard before.
const REPLAYED: &str = "LOGOUT_REQUEST_REPLAYED";

impl Explain for SloError {
    fn explain(&self) -> Explanation {
        match self {
            Self::UnknownConnection => Explanation::new(Kind::NotFound, "CONNECTION_NOT_FOUND"),
            Self::Malformed => Explanation::new(Kind::Invalid, "LOGOUT_MESSAGE_MALFORMED"),
            Self::Unsolicited => Explanation::new(Kind::Invalid, "LOGOUT_RESPONSE_UNSOLICITED"),
            Self::OtherConnection => Explanation::new(Kind::Invalid, "LOGOUT_OVER_OTHER_CONNECTION"),
            Self::Late => Explanation::new(Kind::Invalid, "LOGOUT_RESPONSE_LATE"),
            Self::Partial => Explanation::new(Kind::Precondition, "LOGOUT_PARTIAL"),
            Self::NotDone => Explanation::new(Kind::Precondition, "LOGOUT_NOT_DONE"),
            Self::Refused { .. } => Explanation::new(Kind::Forbidden, "LOGOUT_REFUSED"),
            Self::Peer(error) => error.explain(),
            Self::Seal(error) => error.explain(),
        }
    }
}

impl Refusal for SloError {
    fn responsible(&self) -> Responsible {
        match self {
            Self::UnknownConnection
            | Self::Malformed
            | Self::Unsolicited
            | Self::OtherConnection
            | Self::Partial
            | Self::NotDone => Responsible::IdentityProvider,
            Self::Late | Self::Seal(UnsealError::Foreign) => Responsible::Person,
            Self::Refused { responsible, .. } => *responsible,
            Self::Peer(_) | Self::Seal(UnsealError::Key(_)) => Responsible::Operator,
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
            Self::Refused { reason, .. } if reason == REPLAYED => Words {
                title: "You have signed out already",
                text: "This page belongs to a sign-out that was completed. Loading it again does nothing.",
                advice: "You can close this window.",
            },
            Self::Malformed | Self::Refused { .. } | Self::OtherConnection => Words {
                title: "Your sign-out could not be checked",
                text: "Your organization’s sign-in page sent a message that did not pass our checks. You may still be signed \
                       in.",
                advice: "Please close all windows of your browser. If it happens again, tell the administrator of your \
                         organization, with the reference below.",
            },
            Self::Unsolicited | Self::Late | Self::Seal(UnsealError::Foreign) => Words {
                title: "You are signed out of the application",
                text: "Your organization’s sign-in page answered, but too late, or in another browser than the one you \
                       signed out with.",
                advice: "Please close all windows of your browser, to be sure that you are signed out everywhere.",
            },
            Self::Partial => Words {
                title: "You may still be signed in elsewhere",
                text: "You are signed out of the application and of your organization’s sign-in page, but not of everything \
                       that you use with it.",
                advice: "Please close all windows of your browser.",
            },
            Self::NotDone => Words {
                title: "You are signed out of the application only",
                text: "Your organization’s sign-in page did not sign you out.",
                advice: "Please sign out there, or close all windows of your browser.",
            },
            Self::Peer(_) | Self::Seal(UnsealError::Key(_)) => Words {
                title: "Your sign-out could not be checked",
                text: "Something on our side does not work as it should. You may still be signed in.",
                ..OUR_FAULT
            },
        }
    }
}
