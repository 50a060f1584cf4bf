use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use crate::{
    KeySetError, KeysError, VerifyError,
    key::Rs256Key,
    key_set::{self, Keys},
};

/// How long unknown keys are refused without asking after a fresh key set did not have the key.
pub const UNKNOWN_KEY_PENALTY: Duration = Duration::from_secs(10);
/// How long a key set is not fetched again after that failed.
pub const FAILURE_BACKOFF: Duration = Duration::from_secs(1);

/// Where a pool publishes its keys, and those that are known.
pub(crate) struct KeySource {
    pub(crate) url: String,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    keys: Keys,
    barred: Option<Barred>,
}

/// Why nothing is fetched, and since when.
#[derive(Clone, Copy)]
struct Barred {
    since: SystemTime,
    why: Why,
}

#[derive(Clone, Copy)]
enum Why {
    KeyUnknown,
    Failed,
}

/// A key that is not known yet, and the key set that may have it.
#[derive(Clone)]
pub struct KeysWanted {
    source: Arc<KeySource>,
    key_id: String,
}

impl KeySource {
    pub(crate) fn new(url: String) -> Arc<Self> {
        Arc::new(Self { url, state: RwLock::default() })
    }

    /// What `look` makes of the key; `None` when it has to be fetched.
    pub(crate) fn with_key<R>(
        &self,
        key_id: &str,
        now: SystemTime,
        look: impl FnOnce(&Rs256Key) -> R,
    ) -> Result<Option<R>, VerifyError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match (state.keys.get(key_id), state.barred.filter(|barred| barred.holds(now))) {
            (Some(key), _) => Ok(Some(look(key))),
            (None, None) => Ok(None),
            (None, Some(Barred { why: Why::KeyUnknown, .. })) => Err(VerifyError::KeyUnknown),
            (None, Some(Barred { why: Why::Failed, .. })) => {
                Err(VerifyError::KeysUnavailable(KeysError::FailedRecently))
            }
        }
    }

    pub(crate) fn replace(&self, document: &[u8]) -> Result<(), KeySetError> {
        let keys = key_set::parse(document)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *state = State { keys, barred: None };
        Ok(())
    }

    fn bar(&self, since: SystemTime, why: Why) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).barred = Some(Barred { since, why });
    }

    fn has(&self, key_id: &str) -> bool {
        self.state.read().unwrap_or_else(PoisonError::into_inner).keys.contains_key(key_id)
    }
}

impl Barred {
    fn holds(&self, now: SystemTime) -> bool {
        let length = match self.why {
            Why::KeyUnknown => UNKNOWN_KEY_PENALTY,
            Why::Failed => FAILURE_BACKOFF,
        };
        // A clock that is set back must not bar for as long.
        let apart = now.duration_since(self.since).unwrap_or_else(|earlier| earlier.duration());
        apart < length
    }
}

impl KeysWanted {
    pub(crate) fn new(source: Arc<KeySource>, key_id: String) -> Self {
        Self { source, key_id }
    }

    /// The address of the key set.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.source.url
    }

    /// Takes over what was fetched from [`Self::url`]. Keys that are not in it any more are forgotten. When it does not
    /// have the key, [`UNKNOWN_KEY_PENALTY`] begins.
    ///
    /// # Errors
    /// [`KeySetError`]; the known keys stay, and [`FAILURE_BACKOFF`] begins.
    pub fn fetched(&self, document: &[u8], now: SystemTime) -> Result<(), KeySetError> {
        self.source.replace(document).inspect_err(|_| self.failed(now))?;
        if !self.source.has(&self.key_id) {
            self.source.bar(now, Why::KeyUnknown);
        }
        Ok(())
    }

    /// Says that it could not be fetched: [`FAILURE_BACKOFF`] begins.
    pub fn failed(&self, now: SystemTime) {
        self.source.bar(now, Why::Failed);
    }
}

impl fmt::Debug for KeysWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeysWanted").field("url", &self.source.url).finish_non_exhaustive()
    }
}
