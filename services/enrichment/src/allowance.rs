use std::sync::atomic::{AtomicI64, Ordering};

use vestibule_kernel::Timestamp;

/// How many seconds' worth may be taken at once.
const BURST_SECONDS: i64 = 2;

/// A bound on how often something is done (the generic cell rate algorithm, ITU-T I.371): each time moves a mark ahead
/// by what it costs, and the mark may not run too far ahead of the present.
#[derive(Debug)]
pub(crate) struct Allowance {
    cost_micros: i64,
    mark_micros: AtomicI64,
}

impl Allowance {
    pub(crate) fn per_second(times: u32) -> Self {
        Self { cost_micros: 1_000_000 / i64::from(times.max(1)), mark_micros: AtomicI64::new(0) }
    }

    /// Whether it may be done once more at `now`.
    pub(crate) fn take(&self, now: Timestamp) -> bool {
        let now = now.unix_millis() * 1_000;
        let taken = self.mark_micros.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |mark| {
            // A clock that was set back must not close the door for as long.
            let mark = if mark > now + BURST_SECONDS * 1_000_000 { now } else { mark.max(now) };
            let next = mark + self.cost_micros;
            (next <= now + BURST_SECONDS * 1_000_000).then_some(next)
        });
        taken.is_ok()
    }
}
