use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::sync::Mutex;
use url::Url;
use vestibule_fetch::Fetcher;
use vestibule_host::{Job, Resources, Turn};
use vestibule_kernel::{Chain, Clock, ConnectionId, OrganizationId, Timestamp};

use super::{Cause, Outcome, Refresher};
use crate::{Config, certificates::Certificates, error::Error};

/// How often is looked for metadata that is due.
pub(crate) const ROUND_EVERY: Duration = Duration::from_secs(30);

/// Hosts that are asked at once; each host is asked one thing after the other.
const HOSTS_AT_ONCE: usize = 8;
/// Connections of one host in one round: the others wait, and so does no other host.
const OF_ONE_HOST_MAX: usize = 32;
/// A host that fails so often in a row is left alone for the rest of the round.
const FAILURES_MAX: usize = 3;

type Id = (OrganizationId, ConnectionId);

/// Reads the metadata that is due.
pub struct MetadataJob {
    refresher: Arc<Refresher>,
    certificates: Certificates,
    clock: Arc<dyn Clock>,
    /// When each connection's is due, as far as this process knows; `None` before it looked.
    due: Mutex<Option<HashMap<ConnectionId, Timestamp>>>,
}

impl MetadataJob {
    /// The job, with a view and a client of its own.
    #[must_use]
    pub fn new(resources: &Resources, config: &Config) -> Self {
        let refresher = Arc::new(Refresher::new(resources, Fetcher::new(config.fetching())));
        let certificates = Certificates::start(resources, config.list_wait_max());
        Self::over(refresher, certificates, Arc::clone(&resources.clock))
    }

    pub(crate) fn over(refresher: Arc<Refresher>, certificates: Certificates, clock: Arc<dyn Clock>) -> Self {
        Self { refresher, certificates, clock, due: Mutex::new(None) }
    }

    /// What is due, by host.
    async fn due(&self, now: Timestamp) -> Result<BTreeMap<String, Vec<Id>>, Error> {
        self.certificates.reach_head().await?;
        let sources = self.certificates.each(None, |known, trust| {
            let source = trust.metadata_source.as_ref();
            source.map(|source| ((known.organization, trust.connection), host(&source.url))).into_iter().collect()
        });
        let mut due = self.due.lock().await;
        let known = match &mut *due {
            Some(known) => known,
            none => none.insert(self.refresher.book.all().await?),
        };
        let mut hosts: BTreeMap<String, Vec<Id>> = BTreeMap::new();
        for (id, host) in sources {
            if known.get(&id.1).is_none_or(|at| *at <= now) {
                let of_host = hosts.entry(host).or_default();
                if of_host.len() < OF_ONE_HOST_MAX {
                    of_host.push(id);
                }
            }
        }
        Ok(hosts)
    }

    /// Reads what is due at one host, one after the other.
    async fn host(&self, ids: Vec<Id>, turn: &Turn) -> u64 {
        let (mut changed, mut failures) = (0, 0);
        for id in ids {
            if !turn.holds() || failures >= FAILURES_MAX {
                break;
            }
            // One connection's trouble is not another's.
            match self.one(id).await {
                Ok(Some(Outcome::Failed)) => failures += 1,
                Ok(outcome) => {
                    failures = 0;
                    changed += u64::from(outcome == Some(Outcome::Changed));
                }
                Err(error) => {
                    tracing::warn!(connection = %id.1, error = %Chain(&error), "metadata that is due could not be read");
                }
            }
        }
        changed
    }

    async fn one(&self, id: Id) -> Result<Option<Outcome>, Error> {
        // Another process may have read it meanwhile, or an operator may have had it read.
        let next = self.refresher.book.entry(id.1).await?.map(|entry| entry.next_at);
        let is_due = next.is_none_or(|next| next <= self.clock.now());
        let outcome = if is_due { Some(self.refresher.refresh(id, &Cause::Schedule).await?) } else { None };
        let next = if is_due { self.refresher.book.entry(id.1).await?.map(|entry| entry.next_at) } else { next };
        if let (Some(known), Some(next)) = (&mut *self.due.lock().await, next) {
            known.insert(id.1, next);
        }
        Ok(outcome)
    }
}

impl Job for MetadataJob {
    type Error = NotRead;

    const LEASE: &'static str = "registry.metadata.lease.v1";

    const NAME: &'static str = "metadata";

    async fn round(&self, turn: &Turn) -> Result<u64, NotRead> {
        let hosts = self.due(self.clock.now()).await?;
        let rounds = stream::iter(hosts.into_values().map(|ids| self.host(ids, turn)));
        Ok(rounds.buffer_unordered(HOSTS_AT_ONCE).fold(0, |sum, changed| async move { sum + changed }).await)
    }
}

/// What is due could not be looked for.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NotRead(#[from] Error);

fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
