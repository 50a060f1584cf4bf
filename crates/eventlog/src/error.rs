use vestibule_kernel::{Explain, Explanation, Kind};

use crate::{StreamId, Version};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An append did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not at the expected version: read again and decide again.
    #[error("stream {stream} is at version {actual}, not {expected}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The version the decision was based on.
        expected: Version,
        /// The version it has.
        actual: Version,
    },
    /// Another stream holds a name that one of the events takes.
    #[error("the name is taken in {scope}")]
    Reserved {
        /// What kind of name.
        scope: &'static str,
        /// Who holds it.
        holder: StreamId,
    },
    /// An event with the same id is in the log already.
    #[error("an event with this id is in the log already")]
    Duplicate,
    /// The append crosses a limit.
    #[error("the append crosses the limit of {limit} {what}")]
    TooLarge {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A stream of a partition that is, or may be, archived already.
    #[error("the partition of stream {stream} is closed")]
    PartitionClosed {
        /// The stream.
        stream: StreamId,
    },
    /// The store did not commit, and nothing was stored.
    #[error("the event store does not answer")]
    Unavailable(#[source] Cause),
    /// COMMIT was sent, its answer was lost, and the outcome could not be read back. Look before retrying.
    #[error("whether the append was committed is not known")]
    Unknown(#[source] Cause),
    /// An event cannot be written, or personal fields cannot be sealed: a fault of the program or of the key store.
    #[error("the event cannot be prepared")]
    Unprepared(#[source] Cause),
}

impl Explain for AppendError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Conflict { .. } => Explanation::new(Kind::Conflict, "CHANGED_MEANWHILE"),
            Self::Reserved { .. } => Explanation::new(Kind::AlreadyExists, "NAME_TAKEN"),
            Self::Duplicate => Explanation::new(Kind::AlreadyExists, "EVENT_ALREADY_RECORDED"),
            Self::TooLarge { .. } => Explanation::new(Kind::Invalid, "APPEND_TOO_LARGE"),
            Self::PartitionClosed { .. } => Explanation::new(Kind::Precondition, "PARTITION_CLOSED"),
            Self::Unavailable(_) | Self::Unknown(_) => Explanation::new(Kind::Unavailable, "EVENT_STORE_UNAVAILABLE"),
            Self::Unprepared(_) => Explanation::new(Kind::Internal, "EVENT_NOT_PREPARED"),
        }
    }
}

/// Events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store does not answer.
    #[error("the event store does not answer")]
    Unavailable(#[source] Cause),
    /// The cursor belongs to another log, or lies behind its end.
    #[error("the cursor does not belong to this log")]
    ForeignCursor,
    /// A row cannot be read.
    #[error("the event at position {position} cannot be read")]
    Corrupt {
        /// Its place in the global order.
        position: u64,
        /// What the decoder said.
        source: Cause,
    },
}

impl Explain for ReadError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unavailable(_) => Explanation::new(Kind::Unavailable, "EVENT_STORE_UNAVAILABLE"),
            Self::ForeignCursor => Explanation::new(Kind::Invalid, "CURSOR_FOREIGN"),
            Self::Corrupt { .. } => Explanation::new(Kind::Corrupt, "EVENT_UNREADABLE"),
        }
    }
}
