//! What becomes of the signing keys is told, and what nobody needs any more is destroyed.

use std::{collections::BTreeSet, sync::Arc};

use vestibule_decider::Decider as _;
use vestibule_eventlog::{EventLog, Live, Metadata, StreamId};
use vestibule_host::{Job, Resources, Turn};
use vestibule_kernel::{Clock, Timestamp};
use vestibule_oidc::Algorithm;
use vestibule_storage::{KeyId, KeyStore};
use vestibule_tenancy::{
    signing_key::{self, CATEGORY, Command, SigningKey},
    user_pool::SigningAlgorithm,
};

use super::{ALGORITHMS, Keyring, KeyringError, Line, Place, Schedule, Standing, purpose, schedule::Made};
use crate::{Config, StartError, directory::Directory, limit::KEY_GENERATIONS_KEPT, pending::PENDING_KEY};

/// Notes what becomes of signing keys: published, used, retired, removed; and those that are not there although nobody removed
/// them.
pub struct SigningKeyJob(Arc<Keyring>);

/// The signing keys could not be looked after.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failed(Box<dyn std::error::Error + Send + Sync>);

impl From<KeyringError> for Failed {
    fn from(error: KeyringError) -> Self {
        Self(Box::new(error))
    }
}

impl SigningKeyJob {
    /// The job, with a view and keys of its own.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(resources: &Resources, config: &Config) -> Result<Self, StartError> {
        let directory = Live::start(resources.log.clone(), Directory::default(), resources.stop.clone());
        directory.caught_up().await?;
        Ok(Self(Arc::new(Keyring::open(resources, config.schedule(), directory).await?)))
    }

    pub(crate) const fn over(keyring: Arc<Keyring>) -> Self {
        Self(keyring)
    }
}

impl Job for SigningKeyJob {
    type Error = Failed;

    const LEASE: &'static str = "gateway.signing_keys.lease.v1";

    const NAME: &'static str = "signing_keys";

    async fn round(&self, _turn: &Turn) -> Result<u64, Failed> {
        Ok(self.0.tell_as_worker().await?)
    }
}

impl Keyring {
    pub(crate) async fn tell_as_worker(&self) -> Result<u64, KeyringError> {
        self.tell(&worker()).await
    }

    /// Reads the keys, and notes of each where it stands; answers how many steps were news.
    pub(super) async fn tell(&self, metadata: &Metadata) -> Result<u64, KeyringError> {
        self.refresh().await?;
        self.note_all(metadata).await
    }

    /// Notes of each key that was read where it stands.
    pub(super) async fn note_all(&self, metadata: &Metadata) -> Result<u64, KeyringError> {
        let (published, now) = (self.last(), self.clock.now());
        let mut news = 0;
        for line in &published.lines {
            for place in &line.places {
                if let Some(command) = told(line.algorithm, place, now) {
                    news += note(&self.log, place.made.id, metadata, &command).await?;
                }
            }
        }
        Ok(news + self.tell_missing(metadata).await?)
    }

    async fn tell_missing(&self, metadata: &Metadata) -> Result<u64, KeyringError> {
        let is_held = |id: &KeyId| self.last().lines.iter().any(|line| line.place(*id).is_some());
        let known: Vec<KeyId> = self.directory.read(|directory| directory.known_keys().collect());
        if known.iter().all(is_held) {
            return Ok(0);
        }
        // Another instance may have added one since ours were read, and told of it. One that was removed was told of before.
        let mut there = BTreeSet::new();
        for algorithm in ALGORITHMS {
            there.extend(self.store.reread(purpose(algorithm), "").await?.iter().map(|key| key.id));
        }
        let mut news = 0;
        for id in known.into_iter().filter(|id| !there.contains(id)) {
            let noted = note(&self.log, id, metadata, &Command::NoteMissing { now: self.clock.now() }).await?;
            if noted > 0 {
                tracing::error!(key = %id, reason = "SIGNING_KEY_MISSING", "a signing key is gone from the key table, and none of us removed it");
            }
            news += noted;
        }
        Ok(news)
    }
}

/// What is to be told of a key; `None` where that has been told, or it is not believed.
fn told(algorithm: Algorithm, place: &Place, now: Timestamp) -> Option<Command> {
    let standing = match place.standing {
        Standing::Next => signing_key::Standing::Next,
        Standing::Signing => signing_key::Standing::Signing,
        Standing::Retired => signing_key::Standing::Retired { published_until: place.needed_until? },
        Standing::Gone => signing_key::Standing::Gone,
        Standing::Revoked | Standing::FromTheFuture => return None,
    };
    let algorithm = match algorithm {
        Algorithm::Rs256 => SigningAlgorithm::Rs256,
        Algorithm::Es256 => SigningAlgorithm::Es256,
    };
    Some(Command::Note { algorithm, signs_from: place.signs_from, standing, now })
}

/// Tells it, unless it has been told; how many events that made.
pub(super) async fn note(
    log: &EventLog,
    id: KeyId,
    metadata: &Metadata,
    command: &Command,
) -> Result<u64, KeyringError> {
    let stream = stream(id);
    let before = log.load::<SigningKey>(&stream).await?;
    if before.state.decide(command).is_ok_and(|events| events.is_empty()) {
        return Ok(0);
    }
    let after = log.execute::<SigningKey>(&stream, None, metadata.clone(), command).await?;
    Ok(after.version.0.saturating_sub(before.version.0))
}

fn worker() -> Metadata {
    Metadata { actor: "worker".to_owned(), ..Metadata::default() }
}

fn stream(id: KeyId) -> StreamId {
    StreamId::of_id(CATEGORY, None, id.0)
}

/// Destroys the keys whose tokens and cookies are long gone. For a process that may: the gateway adds keys, and need not have
/// the right to destroy any.
pub(crate) async fn destroy_old(resources: &Resources, schedule: Schedule) -> Result<(), KeyringError> {
    let Resources { keys, log, clock, .. } = resources;
    for algorithm in ALGORITHMS {
        destroy_old_of(algorithm, (keys, log, &**clock), schedule).await?;
    }
    keys.prune(PENDING_KEY, "", KEY_GENERATIONS_KEPT).await?;
    Ok(())
}

async fn destroy_old_of(
    algorithm: Algorithm,
    (keys, log, clock): (&KeyStore, &EventLog, &dyn Clock),
    schedule: Schedule,
) -> Result<(), KeyringError> {
    let mut oldest_first = Vec::new();
    for key in keys.reread(purpose(algorithm), "").await?.iter().rev() {
        let state = log.load::<SigningKey>(&stream(key.id)).await?.state;
        oldest_first.push(Made { id: key.id, created_at: key.created_at, revoked_at: state.revoked_at() });
    }
    let now = clock.now();
    let line = Line { algorithm, places: schedule.places(&oldest_first, now), due: None };
    let over = |place: &&Place| place.needed_until.is_some_and(|until| until <= now);
    // While none is left that signs, none goes: it may be this clock that is wrong.
    if line.with(Standing::Signing).next().is_none() {
        return Ok(());
    }
    for place in line.places.iter().filter(over) {
        // Told first: a key that is not there, and of which nothing was told, is a loss.
        if let Some(command) = told(algorithm, place, now) {
            note(log, place.made.id, &worker(), &command).await?;
        }
        keys.remove(purpose(algorithm), "", place.made.id).await?;
        tracing::info!(purpose = purpose(algorithm), key = %place.made.id, "a signing key that nobody needs any more is destroyed");
    }
    Ok(())
}
