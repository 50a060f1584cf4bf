use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::sync::Mutex;
use vestibule_fetch::Fetcher;
use vestibule_host::{Job, Resources, Turn};
use vestibule_kernel::{Chain, Clock, ConnectionId, IdSource, OrganizationId, Timestamp};

use super::{
    Cause, Outcome, Refresher,
    schedule::{self, host_of},
};
use crate::{Config, certificates::Certificates, error::Error};

/// How often is looked for metadata that is due.
pub(crate) const ROUND_EVERY: Duration = Duration::from_secs(30);

/// Hosts that are asked at once; each host is asked one thing after the other.
const HOSTS_AT_ONCE: usize = 8;
/// Connections of one host in one round: the others wait, and so does no other host.
const OF_ONE_HOST_MAX: usize = 32;
/// Connections of one organization in one round, wherever they point.
const OF_ONE_ORGANIZATION_MAX: usize = 32;
/// A host that fails so often in a row is left alone for the rest of the round.
const FAILURES_MAX: usize = 3;

type Id = (OrganizationId, ConnectionId);

/// Reads the metadata that is due.
pub struct MetadataJob {
    refresher: Arc<Refresher>,
    certificates: Certificates,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    /// When each connection's is due, as far as this process knows; `None` before it looked.
    due: Mutex<Option<HashMap<ConnectionId, Due>>>,
}

/// When a connection's metadata is read next.
#[derive(Clone, Copy, Default)]
struct Due {
    at: Timestamp,
    /// How often it could not even be noted that it was read, one time after the other.
    errors: u32,
}

impl MetadataJob {
    /// The job, with a view and a client of its own.
    #[must_use]
    pub fn new(resources: &Resources, config: &Config) -> Self {
        let refresher = Arc::new(Refresher::new(resources, Fetcher::new(config.fetching())));
        let certificates = Certificates::start(resources, config.list_wait_max());
        Self::over(resources, refresher, certificates)
    }

    pub(crate) fn over(resources: &Resources, refresher: Arc<Refresher>, certificates: Certificates) -> Self {
        let (clock, ids) = (Arc::clone(&resources.clock), Arc::clone(&resources.ids));
        Self { refresher, certificates, clock, ids, due: Mutex::new(None) }
    }

    /// What is due, by host: what has waited longest first, so that nobody's turn never comes.
    async fn due(&self, now: Timestamp) -> Result<BTreeMap<String, Vec<Id>>, Error> {
        self.certificates.reach_head().await?;
        let sources = self.certificates.each(None, |known, trust| {
            let source = trust.metadata_source.as_ref();
            source.map(|source| ((known.organization, trust.connection), host_of(&source.url))).into_iter().collect()
        });
        let mut due = self.due.lock().await;
        let known = match &mut *due {
            Some(known) => known,
            none => none.insert(self.all().await?),
        };
        let when = |id: &Id| known.get(&id.1).map_or(Timestamp::EPOCH, |due| due.at);
        let mut waiting: Vec<(Timestamp, Id, String)> =
            sources.into_iter().map(|(id, host)| (when(&id), id, host)).filter(|(at, ..)| *at <= now).collect();
        waiting.sort_unstable();
        let mut organizations: HashMap<OrganizationId, usize> = HashMap::new();
        let mut hosts: BTreeMap<String, Vec<Id>> = BTreeMap::new();
        for (_, id, host) in waiting {
            let (of_host, of_organization) = (hosts.entry(host).or_default(), organizations.entry(id.0).or_default());
            if of_host.len() < OF_ONE_HOST_MAX && *of_organization < OF_ONE_ORGANIZATION_MAX {
                of_host.push(id);
                *of_organization += 1;
            }
        }
        Ok(hosts)
    }

    async fn all(&self) -> Result<HashMap<ConnectionId, Due>, Error> {
        let all = self.refresher.book.all().await?;
        Ok(all.into_iter().map(|(connection, at)| (connection, Due { at, errors: 0 })).collect())
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
                Ok(Some(Outcome::Failed { by_host: true })) => failures += 1,
                Ok(outcome) => {
                    failures = 0;
                    changed += u64::from(outcome == Some(Outcome::Changed));
                }
                Err(error) => {
                    failures += 1;
                    let next = self.put_off(id.1).await;
                    tracing::warn!(connection = %id.1, %next, error = %Chain(&error), "metadata that is due could not be read");
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
        if let (Some(known), Some(at)) = (&mut *self.due.lock().await, next) {
            known.insert(id.1, Due { at, errors: 0 });
        }
        Ok(outcome)
    }

    /// When the store does not take what came of it, the identity provider is not asked again in the next round, and more and
    /// more seldom: only this process knows that.
    async fn put_off(&self, connection: ConnectionId) -> Timestamp {
        let [random] = self.ids.bytes::<1>();
        let mut due = self.due.lock().await;
        let due = due.get_or_insert_default().entry(connection).or_default();
        due.errors = due.errors.saturating_add(1);
        due.at = schedule::retry(self.clock.now(), due.errors, random);
        due.at
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
