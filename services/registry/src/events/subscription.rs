use std::{collections::VecDeque, pin::Pin};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until},
};
use vestibule_bus::{Event, EventError, Wanted};
use vestibule_eventlog::{Cursor, Page, ReadError};

use super::{Error, Teller};

/// What a subscriber is told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Event(Box<Event>),
    /// There was nothing to tell up to here.
    Progress {
        cursor: Cursor,
        at_head: bool,
    },
}

/// One reader of events. Nothing is read from the log before what was read is told, so a slow reader costs a page.
pub(crate) struct Subscription {
    teller: Teller,
    wanted: Wanted,
    pages: Pin<Box<dyn Stream<Item = Result<Page, ReadError>> + Send>>,
    waiting: VecDeque<Event>,
    /// Why there is nothing behind what waits.
    end: Option<EventError>,
    /// How far the log was read.
    reached: Cursor,
    at_head: bool,
    /// Whether the subscriber was told once that it has everything.
    caught_up: bool,
    progress_at: Instant,
    _place: OwnedSemaphorePermit,
}

impl Subscription {
    pub(super) fn new(teller: Teller, wanted: Wanted, from: Cursor, place: OwnedSemaphorePermit) -> Self {
        let pages = Box::pin(teller.log.follow(from, wanted.filter()));
        let progress_at = Instant::now() + teller.progress_every;
        Self {
            teller,
            wanted,
            pages,
            waiting: VecDeque::new(),
            end: None,
            reached: from,
            at_head: false,
            caught_up: false,
            progress_at,
            _place: place,
        }
    }

    /// What is told, as long as somebody listens; an error is the last.
    pub(crate) fn told(self) -> impl Stream<Item = Result<Told, Error>> + Send {
        stream::unfold(Some(self), |subscription| async {
            let mut subscription = subscription?;
            match subscription.next().await {
                Ok(told) => {
                    subscription.progress_at = Instant::now() + subscription.teller.progress_every;
                    Some((Ok(told), Some(subscription)))
                }
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    async fn next(&mut self) -> Result<Told, Error> {
        loop {
            if self.teller.ending.is_cancelled() {
                return Err(Error::Ending);
            }
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Told::Event(Box::new(event)));
            }
            if let Some(error) = self.end.take() {
                return Err(error.into());
            }
            if (self.at_head && !self.caught_up) || Instant::now() >= self.progress_at {
                self.caught_up |= self.at_head;
                return Ok(self.progress());
            }
            tokio::select! {
                biased;
                () = self.teller.ending.cancelled() => return Err(Error::Ending),
                page = self.pages.next() => self.take_in(page).await?,
                () = sleep_until(self.progress_at) => return Ok(self.progress()),
            }
        }
    }

    async fn take_in(&mut self, page: Option<Result<Page, ReadError>>) -> Result<(), Error> {
        // It follows for ever, and ends after an error only.
        let page = page.ok_or(Error::Ending)?.map_err(EventError::from)?;
        let (events, whole) = self.teller.events.of_page(&self.teller.log, &page, &self.wanted).await;
        self.waiting.extend(events);
        self.end = whole.err();
        (self.reached, self.at_head) = (page.next, page.at_head);
        Ok(())
    }

    /// Only when nothing waits: what was read is told then.
    const fn progress(&self) -> Told {
        Told::Progress { cursor: self.reached, at_head: self.at_head }
    }
}
