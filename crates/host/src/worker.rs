use std::{error::Error, future::Future, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::{Lease, Validity};
use vestibule_kernel::{Chain, IdSource};

use crate::Resources;

/// By how much of itself the pause between two rounds varies, so that processes which started together do not go on so.
const JITTER_PERCENT: u32 = 10;

/// Something that has to be done again and again, by one of many processes.
///
/// A round may be dropped at any `await`, when the lease is lost or the process ends, and may be done twice: what it does
/// must bear both.
pub trait Job: Send + Sync + 'static {
    /// Why a round failed.
    type Error: Error + Send + Sync + 'static;

    /// The stable name of its lease, such as `registry.certificates.lease.v1`.
    const LEASE: &'static str;

    /// Its name in logs and metrics, such as `certificates`.
    const NAME: &'static str;

    /// Does what is to be done now, and tells how many things it has changed.
    fn round(&self, turn: &Turn) -> impl Future<Output = Result<u64, Self::Error>> + Send;
}

/// A process's turn to do a job.
#[derive(Clone)]
pub struct Turn(Option<Validity>);

impl Turn {
    /// A turn that does not end, for whoever is alone.
    #[must_use]
    pub const fn alone() -> Self {
        Self(None)
    }

    /// Whether it is this process's turn still. A long round looks before each step that should not be done twice.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.0.as_ref().is_none_or(Validity::holds)
    }
}

/// Does `job` from now on, with a pause of about `every` between two rounds, while this process holds the lease and until
/// the process ends. A round that fails is logged, counted, and done again after the pause.
pub fn work<J: Job>(resources: &Resources, every: Duration, job: J) {
    let holder = resources.ids.uuid_v4().to_string();
    let lease = Lease::new(Arc::clone(&resources.views), J::LEASE, holder, resources.log.start());
    let (ids, stop) = (Arc::clone(&resources.ids), resources.stop.clone());
    tokio::spawn(async move { run(&lease, &job, every, &*ids, &stop).await });
}

async fn run<J: Job>(lease: &Lease, job: &J, every: Duration, ids: &dyn IdSource, stop: &CancellationToken) {
    while let Some(mut held) = stop.run_until_cancelled(lease.acquire()).await {
        tracing::info!(job = J::NAME, "this process does the job from now on");
        let turn = Turn(Some(held.validity()));
        tokio::select! {
            () = stop.cancelled() => lease.give_back(held).await,
            () = lease.keep(&mut held) => tracing::warn!(job = J::NAME, "the lease is lost: another process may do the job"),
            never = rounds(job, &turn, every, ids) => match never {},
        }
    }
}

async fn rounds<J: Job>(job: &J, turn: &Turn, every: Duration, ids: &dyn IdSource) -> std::convert::Infallible {
    loop {
        let began = Instant::now();
        let (changed, failed) = match job.round(turn).await {
            Ok(changed) => (changed, 0_u64),
            Err(error) => {
                tracing::warn!(job = J::NAME, error = %Chain(&error), "a round failed: it is done again");
                (0, 1)
            }
        };
        tracing::debug!(
            job = J::NAME,
            monotonic_counter.vestibule_job_rounds = 1_u64,
            monotonic_counter.vestibule_job_changes = changed,
            monotonic_counter.vestibule_job_failures = failed,
            histogram.vestibule_job_round_seconds = began.elapsed().as_secs_f64(),
        );
        sleep(jittered(every, ids)).await;
    }
}

fn jittered(every: Duration, ids: &dyn IdSource) -> Duration {
    let [random] = ids.bytes::<1>();
    let part = u32::from(random) * JITTER_PERCENT;
    every + every.mul_f64(f64::from(part) / (256.0 * 100.0))
}
