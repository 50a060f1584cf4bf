//! The relay: from the log to the bus. The log is the outbox, so commands never publish.

mod deliver;
mod leading;
mod limit;
mod reader;
mod status;
mod window;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64},
};

use tokio::{
    sync::watch,
    time::{Instant, interval_at},
};
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::{Cursor, EventLog, Lease, Validity, Views};
use vestibule_kernel::{Chain, Clock, IdSource};

use self::{
    deliver::Delivery,
    leading::{Leading, Left},
    limit::REPORT_EVERY,
};
use crate::{Mapping, Publisher};

pub use self::{
    limit::IN_FLIGHT_MAX,
    status::{Phase, RelayStatus, StopReason},
};

/// The name of the checkpoint.
const NAME: &str = "bus.relay.v1";
/// The name of the lease.
const LEASE_NAME: &str = "bus.relay.lease.v1";

/// Publishes what the log records, in the order of the log within each organization. Any number of processes may run one:
/// one of them leads.
pub struct Relay(Inner);

struct Inner {
    log: EventLog,
    views: Arc<dyn Views>,
    publisher: Arc<dyn Publisher>,
    mapping: Mapping,
    clock: Arc<dyn Clock>,
    lease: Lease,
    in_flight_max: usize,
    status: watch::Sender<RelayStatus>,
}

impl Relay {
    /// A relay that has at most `in_flight_max` (1 to [`IN_FLIGHT_MAX`]) messages in flight, each of another organization.
    #[must_use]
    pub fn new(
        log: EventLog,
        views: Arc<dyn Views>,
        publisher: Arc<dyn Publisher>,
        mapping: Mapping,
        in_flight_max: usize,
        (clock, ids): (Arc<dyn Clock>, &dyn IdSource),
    ) -> Self {
        let lease = Lease::new(Arc::clone(&views), LEASE_NAME, ids.uuid_v4().to_string(), log.start());
        let in_flight_max = in_flight_max.clamp(1, IN_FLIGHT_MAX);
        let status = watch::Sender::new(RelayStatus::default());
        Self(Inner { log, views, publisher, mapping, clock, lease, in_flight_max, status })
    }

    /// How it is doing, from now on.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.0.status.subscribe()
    }

    /// Runs until `stop` is cancelled, or until it meets an event that cannot be published.
    pub async fn run(self, stop: CancellationToken) {
        let relay = &self.0;
        let stopped = tokio::select! {
            stopped = relay.relay(&stop) => stopped,
            never = relay.report() => match never {},
        };
        if let Some(reason) = &stopped {
            tracing::error!(error = %Chain(&**reason), "the relay has stopped: nothing is published any more");
        }
        relay.status.send_modify(|status| {
            status.phase = Phase::Stopped;
            status.in_flight = 0;
            status.stopped = stopped;
        });
        if relay.status.borrow().stopped.is_some() {
            // The trouble stays visible in the metrics.
            let _ = stop.run_until_cancelled(relay.report()).await;
        }
    }
}

impl Inner {
    async fn relay(&self, stop: &CancellationToken) -> Option<Arc<StopReason>> {
        loop {
            self.status.send_modify(|status| status.phase = Phase::Standby);
            let mut held = stop.run_until_cancelled(self.lease.acquire()).await?;
            let validity = held.validity();
            let left = tokio::select! {
                left = self.lead(validity, stop) => left,
                () = self.lease.keep(&mut held) => Left::LeaseLost,
            };
            match left {
                Left::LeaseLost => tracing::warn!("the relay's lease is lost: another process may publish now"),
                Left::Cancelled => {
                    self.lease.give_back(held).await;
                    return None;
                }
                // Another process stops at the same event, unless it is of a newer program that understands it.
                Left::Stopped(reason) => {
                    self.lease.give_back(held).await;
                    return Some(Arc::new(reason));
                }
            }
        }
    }

    async fn lead(&self, validity: Validity, stop: &CancellationToken) -> Left {
        let stored = loop {
            match self.views.checkpoint(NAME).await {
                Ok(stored) => break stored,
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "the relay's checkpoint cannot be read: retrying");
                    if stop.run_until_cancelled(tokio::time::sleep(limit::RETRY_WAIT_MAX)).await.is_none() {
                        return Left::Cancelled;
                    }
                }
            }
        };
        tracing::info!("the relay leads");
        self.status.send_modify(|status| {
            status.phase = Phase::Leading;
            status.checkpoint = stored;
        });
        let failures = AtomicU64::new(self.status.borrow().failures);
        let publisher = Arc::clone(&self.publisher);
        let delivery = Delivery { publisher, validity, failures, troubled: AtomicBool::new(false) };
        Leading::new(self, Arc::new(delivery), stored).run(stop).await
    }

    async fn report(&self) -> std::convert::Infallible {
        let mut ticks = interval_at(Instant::now(), REPORT_EVERY);
        let mut before = RelayStatus::default();
        loop {
            ticks.tick().await;
            let now = self.status.borrow().clone();
            tracing::debug!(
                monotonic_counter.vestibule_relay_published = now.published - before.published,
                monotonic_counter.vestibule_relay_duplicates = now.duplicates - before.duplicates,
                monotonic_counter.vestibule_relay_failures = now.failures - before.failures,
                gauge.vestibule_relay_leading = u64::from(now.phase == Phase::Leading),
                gauge.vestibule_relay_stopped = u64::from(now.stopped.is_some()),
                gauge.vestibule_relay_in_flight = now.in_flight as u64,
                gauge.vestibule_relay_depth = now.waiting as u64,
            );
            // Only who leads, or has stopped, knows how far behind the bus is.
            if now.phase != Phase::Standby
                && let Ok(head) = self.log.head().await
            {
                let published = now.checkpoint.map_or(0, Cursor::position);
                let age = now.oldest.map_or(0, |oldest| self.clock.now().since(oldest).as_secs());
                tracing::debug!(
                    gauge.vestibule_relay_lag_events = head.position().saturating_sub(published),
                    gauge.vestibule_relay_lag_seconds = age,
                );
            }
            before = now;
        }
    }
}
