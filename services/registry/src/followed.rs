use std::{marker::PhantomData, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{sync::watch, time::timeout};
use vestibule_eventlog::{EventLog, LiveStatus, Projection, Views, run_projection};
use vestibule_host::Resources;
use vestibule_kernel::{Chain, OrganizationId};

use crate::{error::Error, listing::Listing};

/// A view in the store that is kept up to date with the log, and read as of now.
pub(crate) struct Followed<P> {
    log: EventLog,
    views: Arc<dyn Views>,
    status: watch::Receiver<LiveStatus>,
    wait_max: Duration,
    projection: PhantomData<P>,
}

impl<P> Clone for Followed<P> {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            views: Arc::clone(&self.views),
            status: self.status.clone(),
            wait_max: self.wait_max,
            projection: PhantomData,
        }
    }
}

/// One page of a view.
pub(crate) struct Page {
    /// Ids and entries, in the order of the ids.
    pub(crate) rows: Vec<(String, Value)>,
    pub(crate) next_page_token: String,
}

impl<P: Projection> Followed<P> {
    pub(crate) fn start(resources: &Resources, projection: P, wait_max: Duration) -> Self {
        let (log, views) = (resources.log.clone(), Arc::clone(&resources.views));
        let status = LiveStatus { cursor: log.start(), current_at: None, stopped: None };
        let (sender, status) = watch::channel(status);
        let (sent, stop) = (Some(sender.clone()), resources.stop.clone());
        let running = run_projection(log.clone(), Arc::clone(&views), projection, sent, stop);
        tokio::spawn(async move {
            let reason = running.await;
            sender.send_modify(|status| status.stopped = Some(reason));
        });
        Self { log, views, status, wait_max, projection: PhantomData }
    }

    /// Why the view cannot be read, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.status.borrow().stopped.as_ref().map_or(Ok(()), |reason| Err(Chain(&**reason).to_string()))
    }

    /// A page of the entries whose keys begin with `prefix`, with everything that was in the log when it was asked for.
    pub(crate) async fn page(
        &self,
        organization: Option<OrganizationId>,
        prefix: &str,
        listing: &Listing,
    ) -> Result<Page, Error> {
        self.reach_head().await?;
        let after = listing.after.as_ref().map_or_else(|| prefix.to_owned(), |id| format!("{prefix}{id}"));
        // One more tells whether there is a next page.
        let found = self.views.list(P::NAME, organization, Some(&after), listing.size + 1).await?;
        let of_this_kind =
            found.into_iter().map_while(|(key, entry)| Some((key.strip_prefix(prefix)?.to_owned(), entry)));
        let mut rows: Vec<(String, Value)> = of_this_kind.collect();
        let more = rows.len() > listing.size;
        rows.truncate(listing.size);
        let last = rows.last().filter(|_| more);
        let next_page_token = last.map_or_else(String::new, |(id, _)| listing.token(id));
        Ok(Page { rows, next_page_token })
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
