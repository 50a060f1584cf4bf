use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{sync::Mutex, time::timeout};

use crate::{EventLog, Live, LiveView, ReadError};

/// How far behind the log a view may be that is brought forward: pages of a thousand events.
const PAGES_MAX: usize = 8;

/// Brings a view to the end of the log before somebody is turned away on old knowledge.
///
/// Who is asked about may come from anybody's URLs, so callers share their looks: whoever waited for a look that began after
/// their call needs none of their own, and there is never more than one at a time.
pub struct Looks<V> {
    log: EventLog,
    view: Live<V>,
    /// Held by the one who looks.
    looking: Mutex<()>,
    /// How often somebody began to.
    begun: AtomicU64,
}

impl<V: LiveView> Looks<V> {
    /// Nobody has looked yet.
    #[must_use]
    pub fn new(log: EventLog, view: Live<V>) -> Self {
        Self { log, view, looking: Mutex::new(()), begun: AtomicU64::new(0) }
    }

    /// Takes in what was in the log when this was called. What cannot be read within that time, or is further away than a
    /// view in use ever is, comes by itself.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    pub async fn look(&self, within: Duration) -> Result<(), ReadError> {
        let before = self.begun.load(Ordering::SeqCst);
        let _turn = self.looking.lock().await;
        if self.begun.load(Ordering::SeqCst) > before {
            return Ok(());
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        match timeout(within, self.view.pull(&self.log, PAGES_MAX)).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }
}
