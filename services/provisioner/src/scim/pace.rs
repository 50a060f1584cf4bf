use std::time::Duration;

use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// Requests to one service, spread evenly: never more in a second than it bears.
#[derive(Debug)]
pub(super) struct Pace {
    every: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(requests_per_second: u32) -> Self {
        Self { every: Duration::from_secs(1) / requests_per_second.max(1), next: Mutex::new(None) }
    }

    /// Waits for the next place in the row.
    pub(super) async fn turn(&self) {
        let mine = {
            let mut next = self.next.lock().await;
            let now = Instant::now();
            let mine = next.map_or(now, |next| next.max(now));
            *next = Some(mine + self.every);
            mine
        };
        sleep_until(mine).await;
    }

    /// Nobody asks anything for that long: the service wants to be left alone.
    pub(super) async fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut next = self.next.lock().await;
        *next = Some(next.map_or(until, |next| next.max(until)));
    }
}
