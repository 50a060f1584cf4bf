//! What the relay holds in memory, and how long it waits.

use std::time::Duration;

/// How many events are read from the log at once.
pub(crate) const PAGE_EVENTS: usize = 512;

/// How many pages wait between the reader and the relay.
pub(crate) const PAGES_AHEAD: usize = 2;

/// How many events may be read and not yet acknowledged; the reader waits behind them. An organization with more than this
/// to catch up with holds the others back until it is done.
pub(crate) const WINDOW_EVENTS_MAX: usize = 4_096;

/// At most so many events are looked at again after a crash: those that are read and not behind the stored checkpoint. What
/// the bus holds of them is found at the ends of their lanes and not sent again.
pub(crate) const LOOKED_AT_AGAIN_MAX: u64 = 32_768;

/// How many organizations the relay remembers the end of the lane of; it asks the bus for others.
pub(crate) const LANES_MAX: usize = 65_536;

/// The most messages that may be sent and not acknowledged: one for each of as many organizations.
pub const IN_FLIGHT_MAX: usize = 256;

/// The reader looks this often even when nobody woke it: another process may have appended.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often the checkpoint is stored while events are acknowledged.
pub(crate) const CHECKPOINT_EVERY: Duration = Duration::from_millis(250);

/// The wait after the bus or the store did not answer; doubles up to [`RETRY_WAIT_MAX`].
pub(crate) const RETRY_WAIT: Duration = Duration::from_millis(50);

/// The longest wait between two attempts: this late at most the relay notices that the bus is back.
pub(crate) const RETRY_WAIT_MAX: Duration = Duration::from_secs(2);

/// How often metrics are reported.
pub(crate) const REPORT_EVERY: Duration = Duration::from_secs(5);

const _: () = assert!(PAGE_EVENTS <= WINDOW_EVENTS_MAX && IN_FLIGHT_MAX <= WINDOW_EVENTS_MAX);
const _: () = assert!(((WINDOW_EVENTS_MAX + PAGE_EVENTS) as u64) < LOOKED_AT_AGAIN_MAX);
