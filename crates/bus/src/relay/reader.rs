use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use vestibule_eventlog::{Cursor, EventLog, Filter, LoadError, ReadError, Recorded};
use vestibule_kernel::{Chain, Explain as _, Kind, OrganizationId, Timestamp};

use super::{
    limit::{LOOK_EVERY, PAGE_EVENTS, RETRY_WAIT, RETRY_WAIT_MAX},
    status::StopReason,
};
use crate::{MapError, Mapping, Message};

/// An event of the log as the relay needs it.
pub(super) struct Item {
    pub(super) cursor: Cursor,
    pub(super) recorded_at: Timestamp,
    pub(super) organization: Option<OrganizationId>,
    /// What is published; `None` when it stays inside.
    pub(super) message: Option<Message>,
}

/// Reads everything behind `after`, for ever; the last thing it sends may be why it cannot go on.
pub(super) async fn read(
    log: EventLog,
    mapping: Mapping,
    mut after: Cursor,
    pages: mpsc::Sender<Result<Vec<Item>, StopReason>>,
) {
    let mut changes = log.changes();
    let mut wait = RETRY_WAIT;
    loop {
        changes.mark_unchanged();
        let page = match log.read_all(after, &Filter::default(), PAGE_EVENTS).await {
            Ok(page) => page,
            Err(error @ ReadError::Unavailable(_)) => {
                tracing::warn!(error = %Chain(&error), "the relay cannot read the log: retrying");
                sleep(wait).await;
                wait = (wait * 2).min(RETRY_WAIT_MAX);
                continue;
            }
            Err(error) => {
                let _ = pages.send(Err(StopReason::Read(error))).await;
                return;
            }
        };
        wait = RETRY_WAIT;
        after = page.next;
        let mut items = Vec::with_capacity(page.events.len());
        let mut poison = None;
        for recorded in &page.events {
            match patiently(&log, &mapping, recorded).await {
                Ok(item) => items.push(item),
                Err(source) => {
                    poison = Some(StopReason::Poison { position: recorded.cursor.position(), source });
                    break;
                }
            }
        }
        // Nobody listens any more when the relay stops leading.
        if !items.is_empty() && pages.send(Ok(items)).await.is_err() {
            return;
        }
        if let Some(poison) = poison {
            let _ = pages.send(Err(poison)).await;
            return;
        }
        if page.at_head && matches!(timeout(LOOK_EVERY, changes.changed()).await, Ok(Err(_))) {
            sleep(LOOK_EVERY).await;
        }
        if pages.is_closed() {
            return;
        }
    }
}

/// A store of keys that does not answer is no reason to stop for ever.
async fn patiently(log: &EventLog, mapping: &Mapping, recorded: &Recorded) -> Result<Item, MapError> {
    loop {
        match mapping.message(log, recorded).await {
            Err(MapError::Load(LoadError::Key(error))) if error.explain().kind == Kind::Unavailable => {
                tracing::warn!(error = %Chain(&error), "the relay cannot read keys: retrying");
                sleep(RETRY_WAIT_MAX).await;
            }
            Err(error) => return Err(error),
            Ok(message) => {
                let organization = recorded.stream.organization();
                return Ok(Item { cursor: recorded.cursor, recorded_at: recorded.recorded_at, organization, message });
            }
        }
    }
}
