use std::time::Duration;

use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// Requests to one service, spread evenly: never more in a second than it bears.
#[derive(Debug)]
pub(super) struct Pace(Mutex<Row>);

/// Who comes when.
#[derive(Debug)]
struct Row {
    every: Duration,
    next: Option<Instant>,
}

impl Pace {
    pub(super) fn new(requests_per_second: u32) -> Self {
        let every = Duration::from_secs(1) / requests_per_second.max(1);
        Self(Mutex::new(Row { every, next: None }))
    }

    /// Waits for the next place in the row.
    pub(super) async fn turn(&self) {
        let mine = self.0.lock().await.place(Instant::now());
        sleep_until(mine).await;
    }

    /// Nobody asks anything for that long: the service wants to be left alone.
    pub(super) async fn hold(&self, wait: Duration) {
        self.0.lock().await.hold(Instant::now() + wait);
    }
}

impl Row {
    fn place(&mut self, now: Instant) -> Instant {
        let mine = self.next.map_or(now, |next| next.max(now));
        self.next = Some(mine + self.every);
        mine
    }

    fn hold(&mut self, until: Instant) {
        self.next = Some(self.next.map_or(until, |next| next.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spread_and_who_wants_to_be_left_alone_is() {
        let every = Duration::from_millis(100);
        let (mut row, start) = (Row { every, next: None }, Instant::now());
        assert_eq!([row.place(start), row.place(start), row.place(start)], [start, start + every, start + every * 2]);
        let later = start + Duration::from_secs(1);
        assert_eq!(row.place(later), later, "no credit for a time of rest");
        let held = later + Duration::from_mins(1);
        row.hold(held);
        row.hold(later);
        assert_eq!([row.place(later), row.place(later)], [held, held + every], "for whoever asks, and not shortened");
    }
}
