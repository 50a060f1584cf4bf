use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::StreamExt as _;
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::{EventLog, Filter, Metadata, Recorded, Views};
use vestibule_host::Resources;
use vestibule_kernel::Chain;
use vestibule_tenancy::{connection, domain};

use super::{ConnectionName, Onboardings};
use crate::error::Error;

/// What the checkpoint is called.
const NAME: &str = "registry.onboarding_process.v1";

/// Who did it, in the events that the process records.
const ACTOR: &str = "onboarding";

/// How long the process waits after it failed.
const RETRY_WAIT: Duration = Duration::from_secs(2);

/// Follows the log and records how far connections are. Its checkpoint moves behind what it has recorded, so a crash repeats
/// a little, which records nothing. Many processes may do it at once.
#[derive(Clone)]
pub(crate) struct Process {
    onboardings: Onboardings,
    log: EventLog,
    views: Arc<dyn Views>,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Process {
    /// Starts it; it runs until `resources.stop`.
    pub(crate) fn start(resources: &Resources, onboardings: Onboardings) -> Self {
        let (log, views) = (resources.log.clone(), Arc::clone(&resources.views));
        let process = Self { onboardings, log, views, trouble: Arc::default() };
        tokio::spawn(process.clone().run(resources.stop.clone()));
        process
    }

    /// Why onboardings are not recorded, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    async fn run(self, stop: CancellationToken) {
        while let Some(ended) = stop.run_until_cancelled(self.follow()).await {
            // Without an error another process has moved the checkpoint: go on from there.
            if let Err(error) = ended {
                tracing::error!(error = %Chain(&error), "how far onboardings are cannot be recorded: retrying");
                self.report(Some(Chain(&error).to_string()));
                if stop.run_until_cancelled(tokio::time::sleep(RETRY_WAIT)).await.is_none() {
                    return;
                }
            }
        }
    }

    async fn follow(&self) -> Result<(), Error> {
        let mut from = self.views.checkpoint(NAME).await?;
        let filter = Filter { categories: vec![connection::CATEGORY, domain::CATEGORY], organization: None };
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

    /// Looks once at each connection that something happened to, however much it was.
    async fn react(&self, events: &[Recorded]) -> Result<(), Error> {
        let mut concerned: BTreeMap<ConnectionName, &Recorded> = BTreeMap::new();
        for event in events {
            let Some(organization) = event.stream.organization() else { continue };
            if event.stream.category() == connection::CATEGORY {
                concerned.extend(event.stream.key().parse().ok().map(|connection| ((organization, connection), event)));
            } else {
                let connections = self.onboardings.connections(organization).await?;
                concerned.extend(connections.into_iter().map(|(connection, _)| (connection, event)));
            }
        }
        for (connection, cause) in concerned {
            let metadata = Metadata {
                actor: ACTOR.to_owned(),
                correlation_id: cause.metadata.correlation_id.clone(),
                causation_id: Some(cause.id),
                traceparent: cause.metadata.traceparent.clone(),
            };
            self.onboardings.note(connection, &metadata).await?;
        }
        Ok(())
    }

    fn report(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}
