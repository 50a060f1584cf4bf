//! The lease is a view of the store that has one entry, its holder, and a checkpoint that counts renewals. Moving the
//! checkpoint is a compare-and-set, so of two that want the lease one gets it. Whoever wants it watches the count stand still
//! for [`LEASE`], on its own clock; the holder stops believing in it [`LEASE`] after it *began* its last renewal, which is
//! earlier.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use vestibule_kernel::Chain;

use crate::{Cursor, ReadError, ViewWrite, Views};

/// How long a lease holds after it was last renewed.
pub const LEASE: Duration = Duration::from_secs(6);
/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// How often those who want it look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The entry that names the holder; absent when the lease was given back.
const HOLDER: &str = "holder";

const _: () = assert!(RENEW_EVERY.as_millis() * 2 < LEASE.as_millis(), "one lost renewal must not lose the lease");

/// A lease that one of several processes holds: of those that want it one gets it, and another within seconds after it was
/// given back or its holder is gone.
///
/// No clock of another machine is trusted. A holder that was paused may act once more before it notices that the lease is
/// another's: what is done under it must bear being done twice, or be fenced where it arrives.
pub struct Lease {
    views: Arc<dyn Views>,
    name: &'static str,
    holder: String,
    start: Cursor,
}

/// The lease as its holder has it.
pub struct Held {
    count: Cursor,
    until: watch::Sender<Instant>,
}

/// Tells whether the lease still holds. Cheap to clone.
#[derive(Clone)]
pub struct Validity(watch::Receiver<Instant>);

impl Validity {
    /// Whether it does, as far as this process can know.
    #[must_use]
    pub fn holds(&self) -> bool {
        Instant::now() < *self.0.borrow()
    }
}

impl Lease {
    /// The lease of this name, which is stable for ever. `holder` is for operators who look into the table.
    #[must_use]
    pub fn new(views: Arc<dyn Views>, name: &'static str, holder: String, start: Cursor) -> Self {
        Self { views, name, holder, start }
    }

    /// Waits for the lease.
    pub async fn acquire(&self) -> Held {
        let mut seen: Option<(Cursor, Instant)> = None;
        loop {
            match self.attempt(&mut seen).await {
                Ok(Some(held)) => return held,
                Ok(None) => {}
                Err(error) => tracing::warn!(lease = self.name, error = %Chain(&error), "the lease cannot be read"),
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn attempt(&self, seen: &mut Option<(Cursor, Instant)>) -> Result<Option<Held>, ReadError> {
        let count = self.views.checkpoint(self.name).await?;
        let takeable = match count {
            None => true,
            Some(count) => match *seen {
                Some((before, since)) if before == count && since.elapsed() >= LEASE => true,
                Some((before, _)) if before == count => self.given_back().await?,
                _ => {
                    *seen = Some((count, Instant::now()));
                    self.given_back().await?
                }
            },
        };
        if takeable { self.take(count).await } else { Ok(None) }
    }

    async fn given_back(&self) -> Result<bool, ReadError> {
        Ok(self.views.get(self.name, None, HOLDER).await?.is_none())
    }

    async fn take(&self, count: Option<Cursor>) -> Result<Option<Held>, ReadError> {
        let began = Instant::now();
        let next = next(count.unwrap_or(self.start));
        let entry = Some(Value::String(self.holder.clone()));
        let taken = self.views.advance(self.name, count, next, &[write(entry)]).await?;
        Ok(taken.then(|| Held { count: next, until: watch::Sender::new(began + LEASE) }))
    }

    /// Renews the lease until it is lost.
    pub async fn keep(&self, held: &mut Held) {
        loop {
            sleep(RENEW_EVERY).await;
            let began = Instant::now();
            let until = *held.until.borrow();
            let next = next(held.count);
            match timeout_at(until, self.views.advance(self.name, Some(held.count), next, &[])).await {
                Ok(Ok(true)) => {
                    held.count = next;
                    held.until.send_replace(began + LEASE);
                }
                Ok(Ok(false)) => {
                    held.until.send_replace(began);
                    return;
                }
                Ok(Err(error)) => {
                    tracing::warn!(lease = self.name, error = %Chain(&error), "the lease cannot be renewed");
                    if began >= until {
                        return;
                    }
                }
                Err(_) => {
                    sleep_until(until).await;
                    return;
                }
            }
        }
    }

    /// Gives the lease back, so that another process need not wait for its end.
    pub async fn give_back(&self, held: Held) {
        let given = self.views.advance(self.name, Some(held.count), next(held.count), &[write(None)]).await;
        if let Err(error) = given {
            tracing::debug!(lease = self.name, error = %Chain(&error), "the lease was not given back: it ends by itself");
        }
    }
}

impl Held {
    /// Something that tells whether it still holds.
    #[must_use]
    pub fn validity(&self) -> Validity {
        Validity(self.until.subscribe())
    }
}

fn next(count: Cursor) -> Cursor {
    Cursor::at(count.epoch(), count.position().saturating_add(1))
}

fn write(entry: Option<Value>) -> ViewWrite {
    ViewWrite { organization: None, key: HOLDER.to_owned(), entry }
}
