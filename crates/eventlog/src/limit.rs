//! What one append may hold. Crossing a limit is a refusal, never a truncation.

/// The largest public part of one event together with its sealed personal part.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;

/// The most events in one transaction.
pub const TRANSACTION_EVENTS_MAX: usize = 1_000;

/// The largest transaction: all its events together.
pub const TRANSACTION_BYTES_MAX: usize = 1024 * 1024;

/// The longest actor, correlation id or traceparent.
pub const METADATA_BYTES_MAX: usize = 256;

/// The longest unique name that can be reserved.
pub const RESERVATION_BYTES_MAX: usize = 512;

/// The most transactions that are committed together.
pub(crate) const GROUP_TRANSACTIONS_MAX: usize = 512;

/// The size at which a group is full. One transaction always fits.
pub(crate) const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most transactions that wait for the committer; further callers wait for a place.
pub(crate) const QUEUE_TRANSACTIONS_MAX: usize = 4_096;

const _: () = assert!(EVENT_BYTES_MAX <= TRANSACTION_BYTES_MAX && TRANSACTION_BYTES_MAX <= GROUP_BYTES_MAX);
