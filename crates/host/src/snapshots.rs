use std::{sync::Arc, time::Duration};

use vestibule_eventlog::snapshot::{Snapshots, TakeError, Takes};
use vestibule_kernel::Chain;

use crate::{Job, Resources, Turn, work};

/// Takes snapshots of views from now on, of each when the log holds `after_events` for it behind the last one, and no more
/// often than `every`: by one of many processes, which must be one that owns the tables. A snapshot that cannot be taken
/// is counted as `vestibule_snapshot_failures` and tried again; nobody waits for one.
pub fn keep_snapshots(resources: &Resources, after_events: u64, every: Duration, views: Vec<Arc<dyn Takes>>) {
    work(resources, every, Keeping { snapshots: resources.snapshots(), after_events, views });
}

struct Keeping {
    snapshots: Snapshots,
    after_events: u64,
    views: Vec<Arc<dyn Takes>>,
}

impl Job for Keeping {
    type Error = TakeError;

    const LEASE: &'static str = "snapshots.lease.v1";
    const NAME: &'static str = "snapshots";

    async fn round(&self, turn: &Turn) -> Result<u64, TakeError> {
        let (mut taken, mut failed) = (0, None);
        for view in &self.views {
            if !turn.holds() {
                break;
            }
            match view.take(&self.snapshots, self.after_events).await {
                Ok(snapshot) => taken += u64::from(snapshot.is_some()),
                Err(error) => {
                    tracing::warn!(view = view.view(), error = %Chain(&error), "no snapshot of the view could be taken");
                    // Apart from the line above: whatever stands in it would become a label.
                    tracing::debug!(view = view.view(), monotonic_counter.vestibule_snapshot_failures = 1_u64);
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(taken), Err)
    }
}
