use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    mem,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::Poll,
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{BoxFuture, Fuse, FusedFuture as _},
    stream::FuturesUnordered,
};
use tokio::{
    sync::mpsc,
    time::{Instant, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::{Cursor, ReadError};
use vestibule_kernel::{Chain, OrganizationId};

use super::{
    Inner, NAME,
    deliver::{Delivered, Delivery, NotDelivered},
    limit::{
        CHECKPOINT_EVERY, LANES_MAX, LOOK_EVERY, LOOKED_AT_AGAIN_MAX, PAGE_EVENTS, PAGES_AHEAD, RETRY_WAIT_MAX,
        WINDOW_EVENTS_MAX,
    },
    reader::{self, Item},
    status::StopReason,
    window::{Passed, Window},
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

/// A checkpoint that is being stored, and becomes what the store answered.
type Storing = BoxFuture<'static, (Passed, Result<bool, ReadError>)>;

/// A relay that holds the lease.
pub(super) struct Leading<'a> {
    relay: &'a Inner,
    delivery: Arc<Delivery>,
    /// The checkpoint as it is stored.
    stored: Option<Cursor>,
    /// How many events of the window are behind it.
    stored_events: u64,
    /// Events are published meanwhile: a checkpoint may come as late as it likes, only never too early.
    storing: Fuse<Storing>,
    window: Window,
    lanes: HashMap<Option<OrganizationId>, Lane>,
    /// Lanes with something to send and nothing in flight.
    ready: VecDeque<Option<OrganizationId>>,
    flying: FuturesUnordered<BoxFuture<'static, Landed>>,
    /// Why there is nothing more to read.
    end: Option<StopReason>,
    checkpoint_at: Instant,
    /// What has been acknowledged and is not in the status yet.
    published: u64,
    duplicates: u64,
}

impl<'a> Leading<'a> {
    pub(super) fn new(relay: &'a Inner, delivery: Arc<Delivery>, stored: Option<Cursor>) -> Self {
        Self {
            relay,
            delivery,
            stored,
            stored_events: 0,
            storing: Fuse::terminated(),
            window: Window::default(),
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            flying: FuturesUnordered::new(),
            end: None,
            checkpoint_at: Instant::now(),
            published: 0,
            duplicates: 0,
        }
    }

    pub(super) async fn run(mut self, stop: &CancellationToken) -> Left {
        let (sender, mut pages) = mpsc::channel(PAGES_AHEAD);
        let after = self.stored.unwrap_or_else(|| self.relay.log.start());
        let reader = tokio::spawn(reader::read(self.relay.log.clone(), self.relay.mapping.clone(), after, sender));
        let left = self.follow(&mut pages, stop).await;
        reader.abort();
        self.report();
        left
    }

    async fn follow(
        &mut self,
        pages: &mut mpsc::Receiver<Result<Vec<Item>, StopReason>>,
        stop: &CancellationToken,
    ) -> Left {
        // While nothing is acknowledged nothing else wakes the loop, and that is when somebody looks at the failures.
        let mut looks = interval(LOOK_EVERY);
        let mut due = pin!(sleep_until(self.checkpoint_at));
        loop {
            self.take_off();
            self.report();
            if self.window.is_empty()
                && let Some(reason) = self.end.take()
            {
                return self.stopped(reason).await;
            }
            if due.deadline() != self.checkpoint_at {
                due.as_mut().reset(self.checkpoint_at);
            }
            let (room, behind) = (self.has_room(), self.is_behind() && self.storing.is_terminated());
            let left = tokio::select! {
                () = stop.cancelled() => Some(Left::Cancelled),
                landed = all_landed(&mut self.flying), if !self.flying.is_empty() => self.land_all(landed).await,
                page = pages.recv(), if room => match page {
                    Some(Ok(items)) => { self.enqueue(items); None }
                    Some(Err(reason)) => { self.end = Some(reason); None }
                    // The reader says why it ends, unless the process is being torn down.
                    None => Some(Left::Cancelled),
                },
                (passed, outcome) = &mut self.storing => self.have_stored(passed, outcome),
                () = &mut due, if behind => { self.store(); None }
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

    /// Whether another page may be taken: of what is not acknowledged, and of what a successor would look at again.
    fn has_room(&self) -> bool {
        let behind_checkpoint = self.window.passed().events - self.stored_events;
        self.end.is_none()
            && self.window.len() < WINDOW_EVENTS_MAX
            && behind_checkpoint + (self.window.len() + PAGE_EVENTS) as u64 <= LOOKED_AT_AGAIN_MAX
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

    /// What is told of those that land together is told once.
    async fn land_all(&mut self, all: Vec<Landed>) -> Option<Left> {
        for landed in all {
            if let Some(left) = self.land(landed).await {
                return Some(left);
            }
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
        self.published += 1;
        self.duplicates += u64::from(delivered.duplicate);
        None
    }

    fn is_behind(&self) -> bool {
        let done = self.window.passed().cursor;
        done.is_some() && done != self.stored
    }

    /// Begins to store how far everything is acknowledged.
    fn store(&mut self) {
        let passed = self.window.passed();
        if let Some(to) = passed.cursor {
            let (views, from) = (Arc::clone(&self.relay.views), self.stored);
            let storing: Storing = Box::pin(async move { (passed, views.advance(NAME, from, to, &[]).await) });
            self.storing = storing.fuse();
        }
    }

    fn have_stored(&mut self, passed: Passed, outcome: Result<bool, ReadError>) -> Option<Left> {
        match outcome {
            Ok(true) => {
                self.stored = passed.cursor;
                self.stored_events = passed.events;
                self.checkpoint_at = Instant::now() + CHECKPOINT_EVERY;
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

    /// Stores how far everything is acknowledged, behind what is being stored already.
    async fn checkpoint(&mut self) -> Option<Left> {
        if !self.storing.is_terminated() {
            let (passed, outcome) = (&mut self.storing).await;
            if let Some(left) = self.have_stored(passed, outcome) {
                return Some(left);
            }
        }
        if !self.is_behind() {
            return None;
        }
        self.store();
        let (passed, outcome) = (&mut self.storing).await;
        self.have_stored(passed, outcome)
    }

    async fn stopped(&mut self, reason: StopReason) -> Left {
        match self.checkpoint().await {
            Some(left) => left,
            None => Left::Stopped(reason),
        }
    }

    fn report(&mut self) {
        let (published, duplicates) = (mem::take(&mut self.published), mem::take(&mut self.duplicates));
        self.relay.status.send_modify(|status| {
            status.published += published;
            status.duplicates += duplicates;
            status.checkpoint = self.stored;
            status.in_flight = self.flying.len();
            status.waiting = self.window.len();
            status.oldest = self.window.oldest();
            status.failures = self.delivery.failures.load(Ordering::Relaxed);
        });
    }
}

/// Waits for one of them, and answers all that have landed by then. There is one.
async fn all_landed(flying: &mut FuturesUnordered<BoxFuture<'static, Landed>>) -> Vec<Landed> {
    poll_fn(|context| {
        let mut landed = Vec::new();
        while let Poll::Ready(Some(one)) = flying.poll_next_unpin(context) {
            landed.push(one);
        }
        if landed.is_empty() { Poll::Pending } else { Poll::Ready(landed) }
    })
    .await
}
