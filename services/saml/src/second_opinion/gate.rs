use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vestibule_kernel::{ConnectionId, Timestamp};

use super::{engine::NoOpinion, limit::BURST_SECONDS};

/// From how many connections on those that ask for nothing are forgotten.
const CONNECTIONS_TO_SWEEP: usize = 1024;

/// Lets no connection have all of the processes, nor more of them than its share over time.
pub(super) struct Gate {
    per_second: u64,
    at_once: usize,
    shares: Mutex<HashMap<ConnectionId, Share>>,
}

struct Share {
    places: Arc<Semaphore>,
    /// When the connection will have used up nothing of its share (GCRA), in microseconds.
    due_micros: u64,
}

impl Gate {
    pub(super) fn new(per_second: u64, at_once: usize) -> Self {
        Self { per_second: per_second.max(1), at_once: at_once.max(1), shares: Mutex::default() }
    }

    /// Waits for a place; whoever asks limits the time.
    pub(super) async fn enter(
        &self,
        connection: ConnectionId,
        now: Timestamp,
    ) -> Result<OwnedSemaphorePermit, NoOpinion> {
        let places = self.share(connection, now).ok_or(NoOpinion::Limited)?;
        places.acquire_owned().await.map_err(|_| NoOpinion::Limited)
    }

    fn share(&self, connection: ConnectionId, now: Timestamp) -> Option<Arc<Semaphore>> {
        let now_micros = u64::try_from(now.unix_millis()).unwrap_or(0).saturating_mul(1000);
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= CONNECTIONS_TO_SWEEP {
            let at_once = self.at_once;
            shares.retain(|_, share| share.due_micros > now_micros || share.places.available_permits() < at_once);
        }
        let fresh = || Share { places: Arc::new(Semaphore::new(self.at_once)), due_micros: 0 };
        let share = shares.entry(connection).or_insert_with(fresh);
        let (one_micros, burst_micros) = (1_000_000 / self.per_second, BURST_SECONDS * 1_000_000);
        // Further ahead than this only a clock that was set back can see it.
        let due_micros = share.due_micros.clamp(now_micros, now_micros.saturating_add(burst_micros + one_micros));
        let has_some_left = due_micros - now_micros <= burst_micros;
        share.due_micros = due_micros + if has_some_left { one_micros } else { 0 };
        has_some_left.then(|| Arc::clone(&share.places))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn connection(number: u128) -> ConnectionId {
        ConnectionId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_connection_has_its_share_and_takes_nothing_from_another() {
        let gate = Gate::new(10, 2);
        let asked = |connection, now| (0..100).filter(|_| gate.share(connection, now).is_some()).count();
        assert_eq!(asked(connection(1), NOW), 21);
        assert_eq!(asked(connection(1), NOW), 0);
        assert_eq!(asked(connection(2), NOW), 21);
        assert_eq!(asked(connection(1), NOW.plus(Duration::from_secs(1))), 10);
        assert_eq!(asked(connection(1), NOW.plus(Duration::from_hours(1))), 21);
        // A clock that is set back costs nobody more than what it used up.
        assert_eq!(asked(connection(1), NOW), 0);
        assert_eq!(asked(connection(1), NOW.plus(Duration::from_secs(1))), 10);
    }

    #[tokio::test]
    async fn only_so_many_at_once_and_the_next_one_waits() {
        let gate = Gate::new(10, 1);
        let first = gate.enter(connection(1), NOW).await.unwrap();
        let waiting = gate.enter(connection(1), NOW);
        tokio::pin!(waiting);
        assert!(futures_poll(&mut waiting).await.is_none());
        drop(gate.enter(connection(2), NOW).await.unwrap());
        drop(first);
        drop(waiting.await.unwrap());
    }

    /// One poll of a future.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }

    #[test]
    fn connections_that_ask_for_nothing_are_forgotten() {
        let gate = Gate::new(10, 1);
        for number in 0..CONNECTIONS_TO_SWEEP as u128 {
            gate.share(connection(number), NOW).unwrap();
        }
        gate.share(connection(9_999), NOW.plus(Duration::from_secs(10))).unwrap();
        assert_eq!(gate.shares.lock().unwrap().len(), 1);
    }
}
