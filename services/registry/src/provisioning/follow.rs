use std::{
    collections::BTreeSet,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::StreamExt as _;
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::{Cursor, EventLog, Filter, Lease, Metadata, Recorded, Views};
use vestibule_host::Resources;
use vestibule_kernel::Chain;
use vestibule_tenancy::{connection, directory, directory_group, directory_user};

use super::{Inner, Provisioning, error::Error, settle::Follows};

/// What the checkpoint is called.
const NAME: &str = "registry.provisioning_process.v1";

/// What the lease is called.
const LEASE: &str = "registry.provisioning_process.lease.v1";

/// Who did it, in the events that the process records.
const ACTOR: &str = "provisioning";

/// How long the process waits after it failed.
const RETRY_WAIT: Duration = Duration::from_secs(2);

/// How long a request waits for the process to finish what it began. The directory is answered then, whether or not.
const FINISHED_WAIT_MAX: Duration = Duration::from_secs(5);

/// How often such a request looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Finishes what requests began: follows the log, and records what a change of a group, of a user or of the rules means for
/// others whom the request itself did not reach. It looks at what is so when it comes, in small appends, and its checkpoint
/// moves behind what it has recorded: a crash repeats a little, which records nothing.
///
/// One process at a time does it, under a lease, because two would only stand in each other's way.
#[derive(Clone)]
pub(super) struct Follower {
    inner: Arc<Inner>,
    log: EventLog,
    views: Arc<dyn Views>,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Follower {
    /// Starts it; it runs until `resources.stop`.
    pub(super) fn start(resources: &Resources, provisioning: &Provisioning) -> Self {
        let (log, views) = (resources.log.clone(), Arc::clone(&resources.views));
        let follower = Self { inner: Arc::clone(&provisioning.0), log, views, trouble: Arc::default() };
        let holder = resources.ids.uuid_v4().to_string();
        let lease = Lease::new(Arc::clone(&resources.views), LEASE, holder, resources.log.start());
        tokio::spawn(follower.clone().run(lease, resources.stop.clone()));
        follower
    }

    /// Why what was begun is not finished, if so.
    pub(super) fn check(&self) -> Result<(), String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    async fn run(self, lease: Lease, stop: CancellationToken) {
        while let Some(mut held) = stop.run_until_cancelled(lease.acquire()).await {
            tokio::select! {
                () = stop.cancelled() => lease.give_back(held).await,
                () = lease.keep(&mut held) => {}
                never = self.follow_for_ever() => match never {},
            }
            self.report(None);
        }
    }

    async fn follow_for_ever(&self) -> std::convert::Infallible {
        loop {
            // Without an error another process has moved the checkpoint: go on from there.
            if let Err(error) = self.follow().await {
                tracing::error!(error = %Chain(&error), "what directories began cannot be finished: retrying");
                self.report(Some(Chain(&error).to_string()));
                tokio::time::sleep(RETRY_WAIT).await;
            }
        }
    }

    async fn follow(&self) -> Result<(), Error> {
        let mut from = self.views.checkpoint(NAME).await?;
        let categories =
            vec![connection::CATEGORY, directory::CATEGORY, directory_user::CATEGORY, directory_group::CATEGORY];
        let filter = Filter { categories, organization: None };
        let mut pages = pin!(self.log.follow(from.unwrap_or_else(|| self.log.start()), filter));
        while let Some(page) = pages.next().await {
            let page = page?;
            self.react(&page.events).await?;
            self.report(None);
            if Some(page.next) != from && !self.views.advance(NAME, from, page.next, &[]).await? {
                return Ok(());
            }
            from = Some(page.next);
        }
        Ok(())
    }

    async fn react(&self, events: &[Recorded]) -> Result<(), Error> {
        let mut ruled = BTreeSet::new();
        for event in events {
            let Some(organization) = event.stream.organization() else { continue };
            match self.inner.follows(organization, event).await? {
                None => {}
                // However often the rules changed: what is so now is looked at once.
                Some(Follows::Rules(whose)) if !ruled.insert(whose) => {}
                Some(follows) => self.inner.finish(&follows, &metadata(event)).await?,
            }
        }
        Ok(())
    }

    fn report(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

fn metadata(cause: &Recorded) -> Metadata {
    Metadata {
        actor: ACTOR.to_owned(),
        correlation_id: cause.metadata.correlation_id.clone(),
        causation_id: Some(cause.id),
        traceparent: cause.metadata.traceparent.clone(),
    }
}

impl Inner {
    /// Waits until everything that follows from what was appended has been recorded, or long enough.
    pub(super) async fn finished(&self, cursor: Cursor) {
        let finished = async {
            loop {
                match self.views.checkpoint(NAME).await {
                    Ok(Some(now)) if now.epoch() == cursor.epoch() && now.position() >= cursor.position() => return,
                    Ok(_) => {}
                    Err(error) => tracing::debug!(error = %Chain(&error), "how far the process is cannot be read"),
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if tokio::time::timeout(FINISHED_WAIT_MAX, finished).await.is_err() {
            tracing::info!("a directory is answered before all that follows is recorded");
        }
    }
}
