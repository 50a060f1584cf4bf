//! A view may be a moment behind: whom, or which user pool, it does not know may have been recorded just now, and what keeps
//! somebody out may have just ended. Before somebody is refused for that, the log itself is read.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::timeout;
use vestibule_eventlog::{EventLog, Live};
use vestibule_kernel::{PersonId, Timestamp};

use crate::{allowance::Allowance, config::Config, error::EnrichmentError, people::People};

/// How far behind the log a view may be that is brought forward for one person: pages of a thousand events.
const LOOKUP_PAGES_MAX: usize = 8;

/// How long it is remembered that somebody is not in the log. Ids are minted at random, so nobody who is refused by this can
/// have been recorded since.
const UNKNOWN_REMEMBERED: Duration = Duration::from_secs(30);

/// How many such ids are remembered.
const UNKNOWN_MAX: usize = 10_000;

/// How long may be looked, and how often.
#[derive(Debug)]
pub(crate) struct Lookups {
    wait: Duration,
    of_unknown: Allowance,
    /// Apart from the other one, so that those who are kept out cannot keep newcomers out.
    of_refused: Allowance,
    /// The same for events of pools that nobody registered.
    of_pools: Allowance,
    unknown: Mutex<HashMap<PersonId, Timestamp>>,
}

impl Lookups {
    pub(crate) fn new(config: &Config) -> Self {
        let allowance = || Allowance::per_second(config.lookups_per_second_max);
        let (of_unknown, of_refused, of_pools) = (allowance(), allowance(), allowance());
        Self { wait: config.lookup_wait(), of_unknown, of_refused, of_pools, unknown: Mutex::default() }
    }

    /// Brings the view to the end of the log because of somebody whom it does not know. Whether that could change anything:
    /// not for somebody for whom it was done in vain a moment ago.
    pub(crate) async fn for_unknown(
        &self,
        person: PersonId,
        people: &Live<People>,
        log: &EventLog,
        now: Timestamp,
    ) -> Result<bool, EnrichmentError> {
        if self.is_known_to_be_unknown(person, now) {
            return Ok(false);
        }
        if !self.of_unknown.take(now) {
            return Err(EnrichmentError::LookupsExhausted);
        }
        self.pull(people, log).await?;
        if people.read(|people| people.person(person).is_none()) {
            self.remember_unknown(person, now);
        }
        Ok(true)
    }

    /// Brings the view to the end of the log because it keeps somebody out. Whether that was done: when it cannot be, what
    /// the view says counts.
    pub(crate) async fn for_refused(&self, people: &Live<People>, log: &EventLog, now: Timestamp) -> bool {
        self.of_refused.take(now) && self.pull(people, log).await.is_ok()
    }

    /// Brings the view to the end of the log because of a user pool that it does not know. Whether that was done. No pool is
    /// remembered as unknown: it may be registered at any moment.
    pub(crate) async fn for_pool(&self, people: &Live<People>, log: &EventLog, now: Timestamp) -> bool {
        self.of_pools.take(now) && self.pull(people, log).await.is_ok()
    }

    async fn pull(&self, people: &Live<People>, log: &EventLog) -> Result<(), EnrichmentError> {
        let (pulled, outcome) = match timeout(self.wait, people.pull(log, LOOKUP_PAGES_MAX)).await {
            Ok(Ok(true)) => (Ok(()), "REACHED"),
            Ok(Ok(false)) | Err(_) => {
                (Err(EnrichmentError::ViewStale { state: "it does not reach the end of the log" }), "TOO_FAR")
            }
            Ok(Err(error)) => (Err(error.into()), "UNAVAILABLE"),
        };
        tracing::debug!(monotonic_counter.vestibule_enrichment_lookups = 1_u64, outcome);
        pulled
    }

    fn is_known_to_be_unknown(&self, person: PersonId, now: Timestamp) -> bool {
        let unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.get(&person).is_some_and(|until| now < *until)
    }

    fn remember_unknown(&self, person: PersonId, now: Timestamp) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() >= UNKNOWN_MAX {
            unknown.retain(|_, until| now < *until);
        }
        if unknown.len() < UNKNOWN_MAX {
            unknown.insert(person, now.plus(UNKNOWN_REMEMBERED));
        }
    }
}
