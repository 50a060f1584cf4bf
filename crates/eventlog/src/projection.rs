use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vestibule_decider::DecodeError;
use vestibule_kernel::{Chain, OrganizationId, Timestamp};

use crate::{
    Cursor, EventLog, Filter, LiveStatus, Page, ReadError, Recorded, StopReason, ViewWrite, Views, tail::Tail,
};

/// Names an entry of a view.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EntryKey {
    /// The organization it belongs to; `None` for the deployment's own.
    pub organization: Option<OrganizationId>,
    /// Its key within view and organization.
    pub key: String,
}

/// A view kept in the store, as a pure function of events. A new shape gets a new name and is built from the start.
pub trait Projection: Send + Sync + 'static {
    /// The view's name, such as `registry.directory.v1`.
    const NAME: &'static str;

    /// The categories of streams it needs; none for all.
    fn categories() -> Vec<&'static str>;

    /// The entries that `event` concerns.
    ///
    /// # Errors
    /// [`DecodeError`]; the projection stops.
    fn entries(&self, event: &Recorded) -> Result<Vec<EntryKey>, DecodeError>;

    /// What becomes of an entry; `None` when there is none, before or after.
    ///
    /// # Errors
    /// [`DecodeError`]; the projection stops.
    fn project(&self, event: &Recorded, key: &EntryKey, entry: Option<Value>) -> Result<Option<Value>, DecodeError>;
}

/// Keeps a view up to date until `stop` is cancelled, and answers why it ended. Entries and checkpoint are committed
/// together. An event that cannot be understood stops it: the events before it are in the view, and nothing behind it.
///
/// Several processes may run the same projection: whoever loses the race for a page reads the checkpoint again.
/// `status` receives how it is doing, after each page and at the end.
pub async fn run_projection<P: Projection>(
    log: EventLog,
    views: Arc<dyn Views>,
    projection: P,
    status: Option<watch::Sender<LiveStatus>>,
    stop: CancellationToken,
) -> Arc<StopReason> {
    let runner = Runner { log, views, projection, status };
    let reason = tokio::select! {
        () = stop.cancelled() => StopReason::Cancelled,
        // A crash stores nothing of the page it happened in, and the view must say that it has ended.
        outcome = AssertUnwindSafe(runner.run()).catch_unwind() => outcome.unwrap_or(StopReason::Panicked),
    };
    if !matches!(reason, StopReason::Cancelled) {
        tracing::error!(view = P::NAME, error = %Chain(&reason), "the projection has stopped");
    }
    let reason = Arc::new(reason);
    if let Some(status) = &runner.status {
        status.send_modify(|status| status.stopped = Some(Arc::clone(&reason)));
    }
    reason
}

struct Runner<P> {
    log: EventLog,
    views: Arc<dyn Views>,
    projection: P,
    status: Option<watch::Sender<LiveStatus>>,
}

impl<P: Projection> Runner<P> {
    async fn run(&self) -> StopReason {
        loop {
            // Whoever lost the race for a page, or the store, starts again at the checkpoint.
            let reason = match self.follow().await {
                Ok(()) => continue,
                Err(StopReason::Read(error @ ReadError::Unavailable(_))) => {
                    tracing::warn!(view = P::NAME, error = %Chain(&error), "the view cannot be stored: retrying");
                    tokio::time::sleep(crate::tail::RETRY_WAIT_MAX).await;
                    continue;
                }
                Err(reason) => reason,
            };
            return reason;
        }
    }

    /// Goes on from the checkpoint until another process moves it.
    async fn follow(&self) -> Result<(), StopReason> {
        let mut from = self.views.checkpoint(P::NAME).await?;
        let filter = Filter { categories: P::categories(), organization: None };
        let mut tail = Tail::new(self.log.clone(), filter, from.unwrap_or_else(|| self.log.start()));
        loop {
            let page = tail.next_patiently(P::NAME).await?;
            if Some(page.next) != from {
                let (writes, to, poison) = self.project(&page).await?;
                if Some(to) != from && !self.views.advance(P::NAME, from, to, &writes).await? {
                    return Ok(());
                }
                from = Some(to);
                if let Some(reason) = poison {
                    return Err(reason);
                }
            }
            self.report(page.next, page.at_head.then(|| tail.looked_at()));
        }
    }

    /// The writes that a page makes, how far they go, and the poison that stopped them.
    async fn project(&self, page: &Page) -> Result<(Vec<ViewWrite>, Cursor, Option<StopReason>), StopReason> {
        let mut entries: BTreeMap<EntryKey, Option<Value>> = BTreeMap::new();
        let mut done = None;
        for event in &page.events {
            match self.apply(event, &mut entries).await? {
                Ok(()) => done = Some(event.cursor),
                Err(source) => {
                    // Nothing of this event is in `entries`; what was before it may be stored.
                    let position = event.cursor.position();
                    let behind = Cursor::at(event.cursor.epoch(), position.saturating_sub(1));
                    let to = done.unwrap_or(behind);
                    return Ok((writes(entries), to, Some(StopReason::Poison { position, source })));
                }
            }
        }
        Ok((writes(entries), page.next, None))
    }

    async fn apply(
        &self,
        event: &Recorded,
        entries: &mut BTreeMap<EntryKey, Option<Value>>,
    ) -> Result<Result<(), DecodeError>, StopReason> {
        let keys = match self.projection.entries(event) {
            Ok(keys) => keys.into_iter().collect::<BTreeSet<_>>(),
            Err(poison) => return Ok(Err(poison)),
        };
        let mut changed = Vec::with_capacity(keys.len());
        for key in keys {
            if let btree_map::Entry::Vacant(vacant) = entries.entry(key.clone()) {
                vacant.insert(self.views.get(P::NAME, key.organization, &key.key).await?);
            }
            let entry = entries.get(&key).cloned().flatten();
            match self.projection.project(event, &key, entry) {
                Ok(entry) => changed.push((key, entry)),
                Err(poison) => return Ok(Err(poison)),
            }
        }
        entries.extend(changed);
        Ok(Ok(()))
    }

    fn report(&self, cursor: Cursor, current_at: Option<Timestamp>) {
        if let Some(status) = &self.status {
            status.send_modify(|status| {
                status.cursor = cursor;
                status.current_at = current_at.or(status.current_at);
            });
        }
    }
}

fn writes(entries: BTreeMap<EntryKey, Option<Value>>) -> Vec<ViewWrite> {
    let write =
        |(key, entry): (EntryKey, Option<Value>)| ViewWrite { organization: key.organization, key: key.key, entry };
    entries.into_iter().map(write).collect()
}
