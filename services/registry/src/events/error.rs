use vestibule_bus::{EventError, UnknownType};
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::resource::InvalidName;

use super::request::TYPES_MAX;

/// Why events are not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// They cannot be read.
    #[error(transparent)]
    Read(#[from] EventError),
    /// The organization's name is malformed.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// No event has this type.
    #[error(transparent)]
    Type(#[from] UnknownType),
    /// There are too many types.
    #[error("there are more than {TYPES_MAX} types")]
    TooManyTypes,
    /// The caller's token is one organization's.
    #[error("this token opens the events of one organization: name that one in `organization`")]
    Confined,
    /// It is no cursor.
    #[error("not a cursor that this service gave out")]
    Cursor,
    /// The page is too large, or negative.
    #[error("must be between 0 and {max}")]
    PageSize {
        /// The largest.
        max: usize,
    },
    /// There are as many subscriptions as there may be.
    #[error("the process serves as many subscriptions as it may")]
    TooManySubscriptions,
    /// The process ends.
    #[error("the process ends: go on at another one, or in a moment")]
    Ending,
}

impl Explain for Error {
    fn explain(&self) -> Explanation {
        match self {
            Self::Read(error) => error.explain(),
            Self::Name(error) => error.explain(),
            Self::Type(_) => Explanation::field("EVENT_TYPE_UNKNOWN", "types", self.to_string()),
            Self::TooManyTypes => Explanation::field("EVENT_TYPES_TOO_MANY", "types", self.to_string()),
            Self::Confined => Explanation::new(Kind::Forbidden, "EVENTS_TOKEN_CONFINED"),
            Self::Cursor => Explanation::field("CURSOR_INVALID", "after", self.to_string()),
            Self::PageSize { .. } => Explanation::field("PAGE_SIZE_INVALID", "page_size", self.to_string()),
            Self::TooManySubscriptions => Explanation::new(Kind::Exhausted, "SUBSCRIPTIONS_EXHAUSTED"),
            Self::Ending => Explanation::new(Kind::Unavailable, "SERVER_ENDING"),
        }
    }
}
