use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::mpsc,
    time::{Instant, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::Cursor;
use vestibule_kernel::{Chain, OrganizationId};

use super::{
    Inner, NAME,
    deliver::{Delivered, Delivery, NotDelivered},
    limit::{CHECKPOINT_EVERY, LANES_MAX, LOOK_EVERY, PAGES_AHEAD, RETRY_WAIT_MAX, WINDOW_EVENTS_MAX},
    reader::{self, Item},
    status::StopReason,
    window::Window,
};
use crate::{Last, Message};

/// Why a relay does not lead any more.
pub(super) enum Left {
    LeaseLost,
    Cancelled,
    Stopped(StopReason),
}

/// What is published of one organization, one message after the other. `None` for what belongs to none.
#[derive(Default)]
struct Lane {
    queue: VecDeque<(u64, Message)>,
    last: Option<Last>,
    flying: bool,
}

struct Landed {
    organization: Option<OrganizationId>,
    slot: u64,
    cursor: Cursor,
    outcome: Result<Delivered, NotDelivered>,
}

/// A relay that holds the lease.
pub(super) struct Leading<'a> {
    relay: &'a Inner,
    delivery: Arc<Delivery>,
    /// The checkpoint as it is stored.
    stored: Option<Cursor>,
    window: Window,
    lanes: HashMap<Option<OrganizationId>, Lane>,
    /// Lanes with something to send and nothing in flight.
    ready: VecDeque<Option<OrganizationId>>,
    flying: FuturesUnordered<BoxFuture<'static, Landed>>,
    /// Why there is nothing more to read.
    end: Option<StopReason>,
    checkpoint_at: Instant,
}

impl<'a> Leading<'a> {
    pub(super) fn new(relay: &'a Inner, delivery: Arc<Delivery>, stored: Option<Cursor>) -> Self {
        Self {
            relay,
            delivery,
            stored,
            window: Window::default(),
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            flying: FuturesUnordered::new(),
            end: None,
            checkpoint_at: Instant::now(),
        }
    }

    pub(super) async fn run(mut self, stop: &CancellationToken) -> Left {
        let (sender, mut pages) = mpsc::channel(PAGES_AHEAD);
        let after = self.stored.unwrap_or_else(|| self.relay.log.start());
        let reader = tokio::spawn(reader::read(self.relay.log.clone(), self.relay.mapping.clone(), after, sender));
        let left = self.follow(&mut pages, stop).await;
        reader.abort();
        left
    }

    async fn follow(
        &mut self,
        pages: &mut mpsc::Receiver<Result<Vec<Item>, StopReason>>,
        stop: &CancellationToken,
    ) -> Left {
        // While nothing is acknowledged nothing else wakes the loop, and that is when somebody looks at the failures.
        let mut looks = interval(LOOK_EVERY);
        loop {
            self.take_off();
            self.report();
            if self.window.is_empty()
                && let Some(reason) = self.end.take()
            {
                return self.stopped(reason).await;
            }
            let room = self.end.is_none() && self.window.len() < WINDOW_EVENTS_MAX;
            let left = tokio::select! {
                () = stop.cancelled() => Some(Left::Cancelled),
                Some(landed) = self.flying.next(), if !self.flying.is_empty() => self.land_all(landed).await,
                page = pages.recv(), if room => match page {
                    Some(Ok(items)) => { self.enqueue(items); None }
                    Some(Err(reason)) => { self.end = Some(reason); None }
                    // The reader says why it ends, unless the process is being torn down.
                    None => Some(Left::Cancelled),
                },
                () = sleep_until(self.checkpoint_at), if self.is_behind() => self.checkpoint().await,
                _ = looks.tick() => None,
            };
            match left {
                None => {}
                Some(Left::Cancelled) => {
                    self.checkpoint().await;
                    return Left::Cancelled;
                }
                Some(left) => return left,
            }
        }
    }

    fn enqueue(&mut self, items: Vec<Item>) {
        if self.lanes.len() > LANES_MAX {
            self.lanes.retain(|_, lane| lane.flying || !lane.queue.is_empty());
        }
        for Item { cursor, recorded_at, organization, message } in items {
            let slot = self.window.add(cursor, recorded_at, message.is_none());
            let Some(message) = message else { continue };
            let lane = self.lanes.entry(organization).or_default();
            if lane.queue.is_empty() && !lane.flying {
                self.ready.push_back(organization);
            }
            lane.queue.push_back((slot, message));
        }
    }

    /// Sends the next message of every lane that is ready, as far as there may be more in flight.
    fn take_off(&mut self) {
        while self.flying.len() < self.relay.in_flight_max
            && let Some(organization) = self.ready.pop_front()
        {
            let Some(lane) = self.lanes.get_mut(&organization) else { continue };
            let Some((slot, message)) = lane.queue.pop_front() else { continue };
            lane.flying = true;
            let (delivery, known) = (Arc::clone(&self.delivery), lane.last);
            self.flying.push(Box::pin(async move {
                let outcome = delivery.deliver(&message, known).await;
                Landed { organization, slot, cursor: message.cursor, outcome }
            }));
        }
    }

    /// Lands one, and whatever else has been acknowledged meanwhile: what is told of it is told once.
    async fn land_all(&mut self, first: Landed) -> Option<Left> {
        let mut next = Some(first);
        while let Some(landed) = next {
            if let Some(left) = self.land(landed).await {
                return Some(left);
            }
            next = self.flying.next().now_or_never().flatten();
        }
        None
    }

    async fn land(&mut self, landed: Landed) -> Option<Left> {
        let delivered = match landed.outcome {
            Ok(delivered) => delivered,
            Err(NotDelivered::LeaseLost) => return Some(Left::LeaseLost),
            Err(NotDelivered::Refused(source)) => {
                let reason = StopReason::Refused { position: landed.cursor.position(), source };
                return Some(self.stopped(reason).await);
            }
        };
        self.window.acknowledge(landed.slot);
        if let Some(lane) = self.lanes.get_mut(&landed.organization) {
            lane.flying = false;
            lane.last = delivered.last;
            if !lane.queue.is_empty() {
                self.ready.push_back(landed.organization);
            }
        }
        self.relay.status.send_modify(|status| {
            status.published += 1;
            status.duplicates += u64::from(delivered.duplicate);
        });
        None
    }

    fn is_behind(&self) -> bool {
        self.window.done().is_some_and(|done| Some(done) != self.stored)
    }

    /// Stores how far everything is acknowledged.
    async fn checkpoint(&mut self) -> Option<Left> {
        let done = self.window.done().filter(|done| Some(*done) != self.stored)?;
        match self.relay.views.advance(NAME, self.stored, done, &[]).await {
            Ok(true) => {
                self.stored = Some(done);
                self.checkpoint_at = Instant::now() + CHECKPOINT_EVERY;
                self.report();
                None
            }
            // Another process has moved it, so the lease is not ours any more.
            Ok(false) => Some(Left::LeaseLost),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the relay's checkpoint cannot be stored: retrying");
                self.checkpoint_at = Instant::now() + RETRY_WAIT_MAX;
                None
            }
        }
    }

    async fn stopped(&mut self, reason: StopReason) -> Left {
        match self.checkpoint().await {
            Some(left) => left,
            None => Left::Stopped(reason),
        }
    }

    fn report(&self) {
        self.relay.status.send_if_modified(|status| {
            status.checkpoint = self.stored;
            status.in_flight = self.flying.len();
            status.waiting = self.window.len();
            status.oldest = self.window.oldest();
            status.failures = self.delivery.failures.load(Ordering::Relaxed);
            true
        });
    }
}
