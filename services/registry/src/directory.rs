use std::{sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{sync::watch, time::timeout};
use vestibule_decider::{Decider, DecodeError};
use vestibule_eventlog::{EntryKey, EventLog, LiveStatus, Projection, Recorded, Views, run_projection};
use vestibule_host::Resources;
use vestibule_kernel::{Chain, OrganizationId};
use vestibule_tenancy::{
    connection::{self, Connection},
    domain::{self, Domain},
    organization::{self, Organization},
    user_pool::{self, UserPool},
};

use crate::{error::Error, listing::Listing, resource::Resource};

/// Everything that is listed, as a view in the store.
#[derive(Clone)]
pub(crate) struct Directory {
    log: EventLog,
    views: Arc<dyn Views>,
    status: watch::Receiver<LiveStatus>,
    wait_max: Duration,
}

/// One page of a list.
pub(crate) struct Listed<D> {
    pub(crate) resources: Vec<Resource<D>>,
    pub(crate) next_page_token: String,
}

impl Directory {
    pub(crate) fn start(resources: &Resources, wait_max: Duration) -> Self {
        let (log, views) = (resources.log.clone(), Arc::clone(&resources.views));
        let status = LiveStatus { cursor: log.start(), current_at: None, stopped: None };
        let (sender, status) = watch::channel(status);
        let running =
            run_projection(log.clone(), Arc::clone(&views), Entries, Some(sender.clone()), resources.stop.clone());
        tokio::spawn(async move {
            let reason = running.await;
            sender.send_modify(|status| status.stopped = Some(reason));
        });
        Self { log, views, status, wait_max }
    }

    /// Why lists cannot be answered, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.status.borrow().stopped.as_ref().map_or(Ok(()), |reason| Err(Chain(&**reason).to_string()))
    }

    /// A page of the resources of one kind, in the order of their ids; with everything that was in the log when it was
    /// asked for.
    pub(crate) async fn list<D: Decider + DeserializeOwned>(
        &self,
        organization: Option<OrganizationId>,
        listing: &Listing,
    ) -> Result<Listed<D>, Error> {
        self.reach_head().await?;
        let prefix = prefix::<D>();
        let after = listing.after.as_ref().map_or_else(|| prefix.clone(), |id| format!("{prefix}{id}"));
        // One more tells whether there is a next page.
        let rows = self.views.list(Entries::NAME, organization, Some(&after), listing.size + 1).await?;
        let mut rows: Vec<_> = rows.into_iter().take_while(|(key, _)| key.starts_with(&prefix)).collect();
        let more = rows.len() > listing.size;
        rows.truncate(listing.size);
        let last = rows.last().and_then(|(key, _)| key.strip_prefix(&prefix));
        let next_page_token = last.filter(|_| more).map_or_else(String::new, |id| listing.token(id));
        let resources = rows.into_iter().map(|(_, entry)| serde_json::from_value(entry)).collect::<Result<_, _>>();
        Ok(Listed { resources: resources.map_err(Error::DirectoryEntry)?, next_page_token })
    }

    async fn reach_head(&self) -> Result<(), Error> {
        let head = self.log.head().await?;
        let mut status = self.status.clone();
        let reached = status.wait_for(|status| {
            let reached = status.cursor.epoch() == head.epoch() && status.cursor.position() >= head.position();
            reached || status.stopped.is_some()
        });
        match timeout(self.wait_max, reached).await {
            Ok(Ok(status)) if status.cursor.position() >= head.position() => Ok(()),
            _ => Err(Error::DirectoryBehind),
        }
    }
}

fn prefix<D: Decider>() -> String {
    format!("{}/", D::CATEGORY)
}

/// The projection: each entry is the aggregate's own state, folded by its own rules.
struct Entries;

impl Projection for Entries {
    const NAME: &'static str = "registry.directory.v1";

    fn categories() -> Vec<&'static str> {
        vec![organization::CATEGORY, domain::CATEGORY, connection::CATEGORY, user_pool::CATEGORY]
    }

    fn entries(&self, event: &Recorded) -> Result<Vec<EntryKey>, DecodeError> {
        let category = event.stream.category();
        // Organizations are listed in one list; domains and connections in one of each organization.
        let organization = event.stream.organization().filter(|_| category != organization::CATEGORY);
        Ok(vec![EntryKey { organization, key: format!("{category}/{}", event.stream.key()) }])
    }

    fn project(&self, event: &Recorded, _key: &EntryKey, entry: Option<Value>) -> Result<Option<Value>, DecodeError> {
        match event.stream.category() {
            organization::CATEGORY => fold::<Organization>(event, entry, |_| true),
            domain::CATEGORY => fold::<Domain>(event, entry, |domain| !matches!(domain, Domain::Released { .. })),
            connection::CATEGORY => fold::<Connection>(event, entry, |_| true),
            user_pool::CATEGORY => fold::<UserPool>(event, entry, |_| true),
            _ => Ok(entry),
        }
    }
}

fn fold<D: Decider + Serialize + DeserializeOwned>(
    event: &Recorded,
    entry: Option<Value>,
    is_listed: impl FnOnce(&D) -> bool,
) -> Result<Option<Value>, DecodeError> {
    let unreadable = |source| DecodeError::Malformed { name: Entries::NAME, source };
    let decoded = event.decode::<D::Event>()?;
    let before = entry.map(serde_json::from_value::<Resource<D>>).transpose().map_err(unreadable)?;
    let (state, created_at) =
        before.map_or_else(|| (D::default(), event.recorded_at), |before| (before.state, before.created_at));
    let after =
        Resource { state: state.evolve(&decoded), version: event.version.0, created_at, updated_at: event.recorded_at };
    if is_listed(&after.state) { serde_json::to_value(after).map(Some).map_err(unreadable) } else { Ok(None) }
}
