use async_trait::async_trait;
use vestibule_eventlog::Cursor;
use vestibule_kernel::EventId;

use crate::Message;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The last message of a lane, as the bus has it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Last {
    /// Its sequence number in the stream; 0 when the lane is empty.
    pub sequence: u64,
    /// The place in the log of the event it carries.
    pub cursor: Option<Cursor>,
    /// The event it carries.
    pub id: Option<EventId>,
}

impl Last {
    /// Whether the lane already holds the event at `cursor`: lanes are in the order of the log.
    #[must_use]
    pub fn covers(&self, id: EventId, cursor: Cursor) -> bool {
        // After a restore positions begin to differ, and only the id tells.
        let reached = |last: Cursor| last.epoch() == cursor.epoch() && last.position() >= cursor.position();
        self.id == Some(id) || self.cursor.is_some_and(reached)
    }
}

/// The bus has stored a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// Its sequence number in the stream.
    pub sequence: u64,
    /// Whether the bus had the event already.
    pub duplicate: bool,
}

/// A message was not stored, or it is not known.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Nobody answers, or the answer got lost: the outcome is not known. Try again with the same id.
    #[error("the bus does not answer")]
    Unavailable(#[source] Cause),
    /// There is no room. Try again later.
    #[error("the bus has no room")]
    Full(#[source] Cause),
    /// The lane does not end where the publisher believed: somebody else has published into it.
    #[error("the lane has moved on")]
    Moved,
    /// The bus will never take this message.
    #[error("the bus refuses the message for good")]
    Refused(#[source] Cause),
}

/// The port to the bus.
#[async_trait]
pub trait Publisher: Send + Sync {
    /// Where a lane ends. Never an older state than one that was answered or acknowledged before.
    ///
    /// # Errors
    /// [`PublishError::Unavailable`].
    async fn last(&self, lane: &str) -> Result<Last, PublishError>;

    /// Stores a message, if the last message of its lane is the one at `expected`; answers after it is stored. The event's
    /// id names the message, so that storing it again within the bus's window has no effect.
    ///
    /// # Errors
    /// [`PublishError`].
    async fn publish(&self, message: &Message, expected: u64) -> Result<Receipt, PublishError>;
}
