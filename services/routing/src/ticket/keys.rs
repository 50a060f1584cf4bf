use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vestibule_kernel::{Chain, Clock};
use vestibule_storage::{Key, KeyError, KeyStore};

/// What the keys are called in the key store.
const PURPOSE: &str = "ticket";

/// How often the keys are read again.
const REFRESH_EVERY: Duration = Duration::from_secs(15);

/// How long a new key is only verified with. Until then every instance has read it: the key store's cache and
/// [`REFRESH_EVERY`] together take less.
const SETTLED_AFTER: Duration = Duration::from_mins(2);

/// How old a key gets before it is followed by another.
const ROTATED_AFTER: Duration = Duration::from_hours(30 * 24);

/// The new key, and the one before it until the last ticket under that one has expired, which is long before the next
/// rotation.
const KEPT: usize = 2;

/// The keys of tickets, held in memory and refreshed behind the requests' back.
#[derive(Clone)]
pub(crate) struct TicketKeys {
    keys: watch::Receiver<Vec<Key>>,
    clock: Arc<dyn Clock>,
}

impl TicketKeys {
    /// Reads the keys, makes the first one where there is none and we may, and keeps them fresh until `stop`.
    pub(crate) async fn start(
        store: KeyStore,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<Self, KeyError> {
        let (sender, keys) = watch::channel(refreshed(&store, &*clock).await?);
        let ours = Self { keys, clock: Arc::clone(&clock) };
        tokio::spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(REFRESH_EVERY)).await.is_some() {
                match refreshed(&store, &*clock).await {
                    Ok(keys) => {
                        sender.send_replace(keys);
                    }
                    Err(error) => tracing::warn!(error = %Chain(&error), "the ticket keys could not be refreshed"),
                }
            }
        });
        Ok(ours)
    }

    /// The key to sign with: the newest one that every instance knows already.
    pub(crate) fn signing(&self) -> Option<Key> {
        let now = self.clock.now();
        let keys = self.keys.borrow();
        let settled = keys.iter().find(|key| now.since(key.created_at) >= SETTLED_AFTER);
        settled.or(keys.last()).cloned()
    }

    /// Looks at all keys to verify with.
    pub(crate) fn with_all<R>(&self, look: impl FnOnce(&[Key]) -> R) -> R {
        look(&self.keys.borrow())
    }
}

/// All keys, newest first, after a rotation if one is due.
async fn refreshed(store: &KeyStore, clock: &dyn Clock) -> Result<Vec<Key>, KeyError> {
    if let Err(error) = keep(store, clock).await {
        // Usual where this process may only read: then another one looks after the keys.
        tracing::debug!(error = %Chain(&error), "the ticket keys are left to another process");
    }
    store.all(PURPOSE, "").await
}

/// Makes the first key, and the next one when it is time.
pub(crate) async fn keep(store: &KeyStore, clock: &dyn Clock) -> Result<(), KeyError> {
    let newest = store.current(PURPOSE, "").await?;
    if clock.now().since(newest.created_at) >= ROTATED_AFTER {
        store.rotate(PURPOSE, "", &newest).await?;
    }
    store.prune(PURPOSE, "", KEPT).await.map(drop)
}
