use vestibule_kernel::{Explain, Explanation, Kind};

use crate::{
    page::Words,
    peer::PeerError,
    pending::UnsealError,
    refusal::{OUR_FAULT, Refusal},
    report::Responsible,
};

/// A test sign-in that has not even a verdict.
#[derive(Debug, thiserror::Error)]
pub(super) enum TestError {
    /// The address is not that of a link of ours.
    #[error("the link holds no ticket")]
    Link,
    /// The answer came after the time in which a sign-in has to be finished.
    #[error("the answer came too late")]
    Late,
    /// The answer came to the address of another connection than the request went out from.
    #[error("the answer came over another connection than the request")]
    OtherConnection,
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Seal(#[from] UnsealError),
}

impl TestError {
    fn refused(&self) -> Option<&str> {
        match self {
            Self::Peer(PeerError::Refused { reason, .. }) => Some(reason),
            _ => None,
        }
    }
}

impl Explain for TestError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Link => Explanation::new(Kind::Invalid, "TEST_LINK_INVALID"),
            Self::Late => Explanation::new(Kind::Invalid, "PENDING_SIGN_IN_LATE"),
            Self::OtherConnection => Explanation::new(Kind::Invalid, "RESPONSE_OVER_OTHER_CONNECTION"),
            Self::Peer(error) => error.explain(),
            Self::Seal(error) => error.explain(),
        }
    }
}

impl Refusal for TestError {
    fn responsible(&self) -> Responsible {
        match self {
            Self::Link | Self::Late | Self::Seal(UnsealError::Foreign) => Responsible::Person,
            Self::OtherConnection => Responsible::IdentityProvider,
            Self::Peer(_) | Self::Seal(UnsealError::Key(_)) => Responsible::Operator,
        }
    }

    fn reason(&self) -> String {
        self.refused().unwrap_or(self.explain().reason).to_owned()
    }

    fn words(&self) -> Words {
        match (self, self.refused()) {
            (Self::Link, _) | (_, Some("TEST_TICKET_INVALID" | "TEST_TICKET_EXPIRED")) => Words {
                title: "This link does not work",
                text: "The link of this test sign-in is damaged, or its time is over.",
                advice: "Please ask whoever sent it for another one.",
            },
            (_, Some("TEST_TICKET_USED")) => Words {
                title: "This test has passed already",
                text: "A test sign-in with this link was successful, and counts once.",
                advice: "There is nothing more to do here. For another test, ask for another link.",
            },
            (_, Some("CONNECTION_ENABLED")) => Words {
                title: "This connection is in use",
                text: "People sign in through it, so there is nothing left to test.",
                advice: "Please sign in at the application.",
            },
            (_, Some("ORGANIZATION_SUSPENDED")) => Words {
                title: "Your organization cannot sign in",
                text: "Signing in is switched off for your organization at the moment.",
                advice: "Please ask whoever sent you the link.",
            },
            (Self::Late, _) => Words {
                title: "That took too long",
                text: "A sign-in must be finished within five minutes, and this one was not.",
                advice: "Please open the link again.",
            },
            (Self::OtherConnection | Self::Seal(UnsealError::Foreign), _) => Words {
                title: "The answer could not be read",
                text: "Your organization’s sign-in page sent an answer to something that this browser did not ask.",
                advice: "Please open the link again.",
            },
            (Self::Peer(_) | Self::Seal(UnsealError::Key(_)), _) => OUR_FAULT,
        }
    }
}
