//! The keys that sign ID tokens, and the set that relying parties verify with.
//!
//! Each algorithm has a line of keys. The next one is published before it signs, and the last one after it has signed, so that
//! a relying party which keeps the key set for a while never meets a token whose key it does not know ([`schedule`]). Any
//! instance makes the next key when it is time; of several one does. What becomes of keys is told by the [`job`].

mod error;
mod job;
mod line;
mod operator;
mod schedule;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use vestibule_eventlog::{EventLog, Live};
use vestibule_host::Resources;
use vestibule_kernel::{Chain, Clock, Explain as _, SecretBytes, Timestamp};
use vestibule_oidc::{Algorithm, KeyError as UnsoundKey, SigningKey};
use vestibule_storage::{Key, KeyStore};

pub(crate) use error::KeyringError;
pub(crate) use job::destroy_old;
pub use job::{Failed, SigningKeyJob};
pub(crate) use line::{Line, Published};
pub(crate) use schedule::{CLOCK_AHEAD_MAX, Place, Schedule, Standing};

use crate::{
    directory::Directory,
    limit::{KEYS_AGE_MAX, KEYS_RETRY_EVERY, KEYS_STALE_AFTER, PENDING_KEY_AGE_MAX, REVOCATION_PAGES_MAX},
    pending::PENDING_KEY,
    telemetry,
};

use line::Held;

/// Which keys there are: one line for each.
pub(crate) const ALGORITHMS: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es256];

/// The signing keys, in memory, and their rotation.
pub(crate) struct Keyring {
    store: KeyStore,
    log: EventLog,
    clock: Arc<dyn Clock>,
    schedule: Schedule,
    directory: Live<Directory>,
    published: RwLock<Arc<Published>>,
    /// One reads at a time; when that failed the last time.
    reading: Mutex<Option<Timestamp>>,
}

impl Keyring {
    /// Reads the keys, and makes those that are missing.
    pub(crate) async fn open(
        resources: &Resources,
        schedule: Schedule,
        directory: Live<Directory>,
    ) -> Result<Self, KeyringError> {
        let Resources { log, keys: store, clock, .. } = resources.clone();
        let (published, reading) = (RwLock::default(), Mutex::default());
        let keyring = Self { store, log, clock, schedule, directory, published, reading };
        keyring.refresh().await?;
        Ok(keyring)
    }

    /// What is in use now. Read again first when it is not known to be so any more: because that was a while ago, because it
    /// is time for another key, or because an operator took one out.
    ///
    /// # Errors
    /// [`KeyringError`] when the keys cannot be read, and what is in memory is too old, or holds a key that was taken out: a
    /// key that does not count any more is worse than none.
    pub(crate) async fn current(&self) -> Result<Arc<Published>, KeyringError> {
        if let Some(published) = self.in_use() {
            return Ok(published);
        }
        let mut failed_at = self.reading.lock().await;
        if let Some(published) = self.in_use() {
            return Ok(published);
        }
        let now = self.clock.now();
        let again = failed_at.is_none_or(|at| at > now || now.since(at) >= KEYS_RETRY_EVERY);
        let failure = if again { self.read().await.err() } else { None };
        if again && failure.is_none() {
            *failed_at = None;
            return Ok(self.last());
        }
        if let Some(failure) = &failure {
            *failed_at = Some(now);
            tracing::error!(reason = failure.explain().reason, error = %Chain(failure), "the signing keys could not be read again");
        }
        let last = self.last();
        if !last.is_known_at(now) || last.revocations != self.revocations() {
            return Err(failure.unwrap_or(KeyringError::Outdated));
        }
        self.put(self.arranged(last.held.clone(), last.read_at));
        Ok(self.last())
    }

    /// The key to sign with now.
    pub(crate) async fn signer(&self, algorithm: Algorithm) -> Result<Arc<SigningKey>, KeyringError> {
        self.current().await?.signer(algorithm).ok_or(KeyringError::NoneSigns)
    }

    /// Reads the keys again, and makes the next ones when it is time.
    pub(crate) async fn refresh(&self) -> Result<(), KeyringError> {
        let _alone = self.reading.lock().await;
        self.read().await?;
        self.rotate_pending_key().await
    }

    /// Whether what is in memory is young enough to be used.
    pub(crate) fn readiness(&self) -> Result<(), String> {
        let known = self.last().is_known_at(self.clock.now());
        if known { Ok(()) } else { Err("the signing keys could not be read for too long".to_owned()) }
    }

    fn in_use(&self) -> Option<Arc<Published>> {
        let (last, now) = (self.last(), self.clock.now());
        let fresh = last.read_at <= now && now.since(last.read_at) < KEYS_STALE_AFTER;
        let holds = last.arranged_at <= now && last.changes_at.is_none_or(|at| now < at);
        (fresh && holds && last.revocations == self.revocations()).then_some(last)
    }

    fn last(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn revocations(&self) -> usize {
        self.directory.read(Directory::revocations)
    }

    async fn read(&self) -> Result<(), KeyringError> {
        let mut held = Vec::new();
        for algorithm in ALGORITHMS {
            held.extend(self.line(algorithm).await?);
        }
        // What was taken out on another instance a moment ago is out here, too.
        self.directory.pull(&self.log, REVOCATION_PAGES_MAX).await?;
        if self.directory.status().stopped.is_some() {
            return Err(KeyringError::NotFollowed);
        }
        let published = self.arranged(held, self.clock.now());
        // Beside a key that is not believed none is made as if there were none.
        if published.lines.iter().any(Line::is_all_from_the_future) {
            published.lines.iter().for_each(alarm);
            return Err(KeyringError::FromTheFuture);
        }
        self.put(published);
        for line in self.last().lines.iter().filter(|line| line.due.is_some_and(|due| due <= self.clock.now())) {
            self.make_next(line).await?;
        }
        let last = self.last();
        telemetry::keys(&last.lines, self.clock.now());
        last.lines.iter().for_each(alarm);
        Ok(())
    }

    /// What was read, in its places as of now.
    fn arranged(&self, held: Vec<Held>, read_at: Timestamp) -> Published {
        let now = self.clock.now();
        self.directory.read(|directory| Published::arranged(&self.schedule, held, directory, (read_at, now)))
    }

    fn put(&self, published: Published) {
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
    }

    /// The keys of an algorithm, oldest first; the first one is made where there is none.
    async fn line(&self, algorithm: Algorithm) -> Result<Vec<Held>, KeyringError> {
        let purpose = purpose(algorithm);
        let mut newest_first = self.store.reread(purpose, "").await?;
        if newest_first.is_empty() {
            // In a store that had keys this is no beginning, but a loss.
            if self.directory.read(|directory| directory.knows_keys_of(algorithm)) {
                tracing::error!(
                    purpose,
                    reason = "SIGNING_KEY_MISSING",
                    "every signing key is gone from the key table"
                );
            }
            let fresh = generated(algorithm).await?;
            self.store.current_with(purpose, "", || fresh).await?;
            newest_first = self.store.reread(purpose, "").await?;
        }
        let mut line = Vec::with_capacity(newest_first.len());
        for key in newest_first.iter().rev() {
            line.push(self.held(algorithm, key).await?);
        }
        Ok(line)
    }

    /// Adds the next key of a line, and puts it into its place.
    async fn make_next(&self, line: &Line) -> Result<(), KeyringError> {
        let purpose = purpose(line.algorithm);
        // Of several instances that rotate at once, one makes the key and all use it.
        if let Some(newest) = self.store.reread(purpose, "").await?.first() {
            let known = line.places.last().is_some_and(|last| last.made.id == newest.id);
            if known {
                let fresh = generated(line.algorithm).await?;
                let next = self.store.rotate_with(purpose, "", newest, || fresh).await?;
                tracing::info!(purpose, key = %next.id, "the next signing key is published");
            }
        }
        let others = self.last().held.iter().filter(|held| held.algorithm != line.algorithm).cloned().collect();
        let held = [others, self.line(line.algorithm).await?].concat();
        self.put(self.arranged(held, self.last().read_at));
        Ok(())
    }

    /// Parsing an RSA key costs about as much as signing with it, so what is parsed already is kept.
    async fn held(&self, algorithm: Algorithm, key: &Key) -> Result<Held, KeyringError> {
        let parsed = self.last().held.iter().find(|held| held.id == key.id && held.algorithm == algorithm).cloned();
        if let Some(held) = parsed {
            return Ok(held);
        }
        let (kid, stored) = (key.id.to_string(), key.clone());
        let parsed = computed(move || SigningKey::parse(algorithm, Some(&kid), stored.material())).await?;
        let parsed = parsed.map_err(|source| KeyringError::Unsound { id: key.id, source })?;
        Ok(Held { algorithm, id: key.id, created_at: key.created_at, key: Arc::new(parsed) })
    }

    async fn rotate_pending_key(&self) -> Result<(), KeyringError> {
        let current = self.store.current(PENDING_KEY, "").await?;
        if self.clock.now().since(current.created_at) > PENDING_KEY_AGE_MAX {
            self.store.rotate(PENDING_KEY, "", &current).await?;
        }
        Ok(())
    }
}

impl Published {
    /// Whether it was read so lately that it may be used even if it cannot be read again.
    fn is_known_at(&self, now: Timestamp) -> bool {
        self.read_at <= now.plus(CLOCK_AHEAD_MAX) && now.since(self.read_at) <= KEYS_AGE_MAX && !self.held.is_empty()
    }
}

fn alarm(line: &Line) {
    let unbelieved = line.places.iter().filter(|place| place.standing == Standing::FromTheFuture);
    for place in unbelieved {
        let (key, made) = (place.made.id, place.made.created_at);
        tracing::error!(%key, %made, reason = "KEY_FROM_THE_FUTURE", "a signing key is not believed: is this clock right, or was the one it was made by?");
    }
}

pub(crate) const fn purpose(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => "oidc.signing.rs256",
        Algorithm::Es256 => "oidc.signing.es256",
    }
}

async fn generated(algorithm: Algorithm) -> Result<SecretBytes, KeyringError> {
    computed(move || SigningKey::generate(algorithm)).await?.map_err(KeyringError::Unmade)
}

async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, UnsoundKey> + Send + 'static,
) -> Result<Result<T, UnsoundKey>, KeyringError> {
    tokio::task::spawn_blocking(work).await.map_err(KeyringError::Interrupted)
}
