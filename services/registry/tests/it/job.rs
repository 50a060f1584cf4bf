//! What time asks for is done by one of many processes, and by the next one when that ends.

use std::{convert::Infallible, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vestibule_host::{Job, Resources, Turn, work};

use crate::registry::Registry;

/// Counts its rounds.
struct Counting(watch::Sender<u64>);

impl Job for Counting {
    type Error = Infallible;

    const LEASE: &'static str = "test.counting.lease.v1";

    const NAME: &'static str = "counting";

    async fn round(&self, turn: &Turn) -> Result<u64, Infallible> {
        assert!(turn.holds());
        self.0.send_modify(|rounds| *rounds += 1);
        Ok(1)
    }
}

/// A process of its own on the same store, and how many rounds it has done.
fn process(registry: &Registry) -> (CancellationToken, watch::Receiver<u64>) {
    let stop = CancellationToken::new();
    let (sender, rounds) = watch::channel(0);
    let resources = Resources { stop: stop.clone(), ..registry.resources.clone() };
    work(&resources, Duration::from_millis(1), Counting(sender));
    (stop, rounds)
}

#[tokio::test]
async fn one_process_does_a_job_and_the_next_one_takes_over() {
    let registry = Registry::start().await;
    let (stop, mut first) = process(&registry);
    first.wait_for(|rounds| *rounds > 0).await.unwrap();
    let (_next, mut second) = process(&registry);
    let before = *first.borrow();
    first.wait_for(|rounds| *rounds > before + 3).await.unwrap();
    assert_eq!(*second.borrow(), 0, "one at a time");
    stop.cancel();
    second.wait_for(|rounds| *rounds > 3).await.unwrap();
    // Whoever has ended has ended: the sender is gone with the job.
    while first.changed().await.is_ok() {}
}
