use std::sync::Arc;

use vestibule_eventlog::{Cursor, ReadError};
use vestibule_kernel::Timestamp;

use crate::{MapError, PublishError};

/// What a relay is doing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Phase {
    /// It waits for the lease, which another process holds.
    #[default]
    Standby,
    /// It publishes.
    Leading,
    /// It has stopped, for good or because the process ends.
    Stopped,
}

/// Why a relay has stopped until somebody looks.
#[derive(Debug, thiserror::Error)]
pub enum StopReason {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An event cannot be mapped; everything before it is published, nothing behind it.
    #[error("the event at position {position} cannot be published")]
    Poison {
        /// Its place in the log.
        position: u64,
        /// Why.
        source: MapError,
    },
    /// The bus will never take an event.
    #[error("the event at position {position} is refused")]
    Refused {
        /// Its place in the log.
        position: u64,
        /// Why.
        source: PublishError,
    },
}

/// How a relay is doing.
#[derive(Clone, Debug, Default)]
pub struct RelayStatus {
    /// What it does.
    pub phase: Phase,
    /// Everything up to here is published, as stored at last.
    pub checkpoint: Option<Cursor>,
    /// How many messages are sent and not acknowledged.
    pub in_flight: usize,
    /// How many events are read and not acknowledged.
    pub waiting: usize,
    /// When the oldest of them was recorded.
    pub oldest: Option<Timestamp>,
    /// How many events the bus has acknowledged to this process.
    pub published: u64,
    /// How many of them it had already.
    pub duplicates: u64,
    /// How many attempts failed.
    pub failures: u64,
    /// Why it has stopped; `None` when the process ends.
    pub stopped: Option<Arc<StopReason>>,
}
