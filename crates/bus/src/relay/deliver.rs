use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::sleep;
use vestibule_eventlog::Validity;
use vestibule_kernel::Chain;

use super::limit::{RETRY_WAIT, RETRY_WAIT_MAX};
use crate::{Last, Message, PublishError, Publisher};

/// What all deliveries of a leading relay share.
pub(super) struct Delivery {
    pub(super) publisher: Arc<dyn Publisher>,
    pub(super) validity: Validity,
    pub(super) failures: AtomicU64,
    /// Whether the bus is in trouble: said once, not for each of the messages in flight.
    pub(super) troubled: AtomicBool,
}

/// A message is in the bus.
pub(super) struct Delivered {
    /// Where its lane ends; `None` when the bus has to be asked.
    pub(super) last: Option<Last>,
    pub(super) duplicate: bool,
}

/// A message was given up.
pub(super) enum NotDelivered {
    LeaseLost,
    Refused(PublishError),
}

impl Delivery {
    /// Publishes one message, however long it takes, unless its lane holds it already.
    ///
    /// A lane is only ever extended from a known end. Two relays that both believe to lead, because one was paused between
    /// looking at its lease and sending, can therefore not reorder it: of two messages with the same expected end the bus
    /// takes one, and whoever lost looks again, finds how far the lane has come, and goes on from there.
    pub(super) async fn deliver(&self, message: &Message, known: Option<Last>) -> Result<Delivered, NotDelivered> {
        let mut known = known;
        let mut wait = RETRY_WAIT;
        loop {
            if !self.validity.holds() {
                return Err(NotDelivered::LeaseLost);
            }
            match self.attempt(message, known).await {
                Ok(delivered) => {
                    if self.troubled.load(Ordering::Relaxed) && self.troubled.swap(false, Ordering::Relaxed) {
                        tracing::info!("the bus takes events again");
                    }
                    return Ok(delivered);
                }
                Err(error @ PublishError::Refused(_)) => return Err(NotDelivered::Refused(error)),
                Err(PublishError::Moved) if known.is_some() => known = None,
                Err(error) => {
                    // Whether the last attempt got through is not known, so neither is the end of the lane.
                    known = None;
                    self.failed(&error, &mut wait).await;
                }
            }
        }
    }

    async fn attempt(&self, message: &Message, known: Option<Last>) -> Result<Delivered, PublishError> {
        let last = match known {
            Some(last) => last,
            None => self.publisher.last(&message.lane).await?,
        };
        if last.covers(message.id, message.cursor) {
            return Ok(Delivered { last: Some(last), duplicate: true });
        }
        let receipt = self.publisher.publish(message, last.sequence).await?;
        // A duplicate's sequence is the one of its first time; more may have come behind it.
        let here = Last { sequence: receipt.sequence, cursor: Some(message.cursor), id: Some(message.id) };
        Ok(Delivered { last: (!receipt.duplicate).then_some(here), duplicate: receipt.duplicate })
    }

    async fn failed(&self, error: &PublishError, wait: &mut Duration) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if !self.troubled.swap(true, Ordering::Relaxed) {
            tracing::warn!(error = %Chain(error), "the bus takes no events: they wait in the log");
        }
        sleep(*wait).await;
        *wait = (*wait * 2).min(RETRY_WAIT_MAX);
    }
}
