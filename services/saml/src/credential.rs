//! Our keys towards identity providers: for each connection one line of generations that sign, and one that open what is
//! encrypted for us.
//!
//! A key is made when it is first needed: when our metadata is read, or a message is to be signed. A rotation adds a
//! generation. Identity providers learn of it from our metadata, each at its own time; so it stands there at once beside the
//! one before it, opens at once what is encrypted for it, and signs only when they had time to learn of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use vestibule_kernel::{Clock, ConnectionId, Timestamp};
use vestibule_saml::{Credential, CredentialError, DecryptionKeys, limit::DECRYPTION_KEYS_MAX};
use vestibule_storage::{Key, KeyError, KeyId, KeyStore};
use vestibule_tenancy::connection::{KeyUse, ServiceProviderKey};

use crate::error::Error;

/// What the keys are for.
const SIGNING: &str = "saml.signing";
const ENCRYPTION: &str = "saml.encryption";
const PURPOSES: [&str; 2] = [SIGNING, ENCRYPTION];

/// How long the certificate says that the key is good. Identity providers hold the key for trusted, not its dates.
const CERTIFICATE_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);

/// How far back it begins, for identity providers whose clock is behind.
const CERTIFICATE_BACKDATED: Duration = Duration::from_hours(24);

/// How long a key exists after our metadata has stopped telling it, by the clock of whoever made the one that took its place.
const RETIRED_KEPT: Duration = Duration::from_hours(24);

/// How far ahead of ours the clock may have been that a key was made by. One from further ahead neither signs before its time
/// nor is followed by another, until somebody has looked.
const CLOCK_AHEAD_MAX: Duration = Duration::from_mins(5);

/// How many connections' keys are kept ready. A key takes some 100 µs to read.
const READY_MAX: usize = 1024;

/// The generations that count: one, and the one before it.
const GENERATIONS: usize = DECRYPTION_KEYS_MAX;

/// The service provider's keys, made when they are first needed.
pub(crate) struct Credentials {
    keys: KeyStore,
    clock: Arc<dyn Clock>,
    /// How long a new key stands in our metadata before it signs.
    overlap: Duration,
    ready: Mutex<HashMap<Line, Arc<Generations>>>,
}

/// One line of generations: what it is for, and whose.
type Line = (&'static str, ConnectionId);

/// The newest generations of a line, made ready.
struct Generations {
    newest_first: Vec<Generation>,
    /// The same keys, to open with; none in a line that signs.
    decryption: Option<Arc<DecryptionKeys>>,
}

/// A credential and the key that it was kept as.
#[derive(Clone, Debug)]
pub(crate) struct Generation {
    pub(crate) id: KeyId,
    pub(crate) created_at: Timestamp,
    pub(crate) credential: Arc<Credential>,
}

/// What our metadata tells of the keys, newest first.
pub(crate) struct Published {
    pub(crate) signing: Vec<PublishedKey>,
    pub(crate) encryption: Vec<PublishedKey>,
}

/// One of them.
pub(crate) struct PublishedKey {
    pub(crate) generation: Generation,
    /// Whether it signs now, or is the one to encrypt for.
    pub(crate) active: bool,
}

impl Credentials {
    pub(crate) fn new(keys: KeyStore, clock: Arc<dyn Clock>, overlap: Duration) -> Self {
        Self { keys, clock, overlap, ready: Mutex::default() }
    }

    /// The key that signs for this connection now: the newest that identity providers had time to learn of.
    pub(crate) async fn signing(&self, connection: ConnectionId) -> Result<Arc<Credential>, Error> {
        let generations = self.needed((SIGNING, connection)).await?;
        let signs = self.signs(&generations.newest_first);
        signs.map(|generation| Arc::clone(&generation.credential)).ok_or(Error::Credential(CredentialError::Key))
    }

    /// The keys that open what is encrypted for this connection; `None` when nobody was ever given one to encrypt for.
    pub(crate) async fn decryption(&self, connection: ConnectionId) -> Result<Option<Arc<DecryptionKeys>>, Error> {
        Ok(self.present((ENCRYPTION, connection)).await?.and_then(|generations| generations.decryption.clone()))
    }

    /// What our metadata tells.
    pub(crate) async fn published(&self, connection: ConnectionId) -> Result<Published, Error> {
        let signing = self.needed((SIGNING, connection)).await?;
        let encryption = self.needed((ENCRYPTION, connection)).await?;
        let signs = self.signs(&signing.newest_first).map(|generation| generation.id);
        let to_encrypt_for = encryption.newest_first.first().map(|generation| generation.id);
        Ok(Published { signing: signing.published(signs), encryption: encryption.published(to_encrypt_for) })
    }

    /// The newest that identity providers had time to learn of; where none is that old, the oldest.
    fn signs<'g>(&self, newest_first: &'g [Generation]) -> Option<&'g Generation> {
        let now = self.clock.now();
        let known = |generation: &&Generation| now.since(generation.created_at) >= self.overlap;
        newest_first.iter().find(known).or(newest_first.last())
    }

    /// Adds a generation to each line whose last rotation is not so young that its key does not sign yet; `None` when that
    /// is neither. Of several callers at the same time one rotates, and all get the same keys.
    pub(crate) async fn rotate(&self, connection: ConnectionId) -> Result<Option<Published>, Error> {
        let mut rotated = false;
        for purpose in PURPOSES {
            self.needed((purpose, connection)).await?;
            let owner = connection.to_string();
            let kept = self.keys.all(purpose, &owner).await?;
            self.believe(kept.first())?;
            let young = |key: &Key| self.clock.now().since(key.created_at) < self.overlap;
            let Some(outworn) = kept.first().filter(|newest| kept.len() == 1 || !young(newest)) else { continue };
            let made = self.make(connection).await?;
            self.keys.rotate_with(purpose, &owner, outworn, || made.to_bytes()).await?;
            rotated = true;
        }
        if rotated { self.published(connection).await.map(Some) } else { Ok(None) }
    }

    /// Adds a generation to each line that exists and whose newest is so old; tells to how many.
    pub(crate) async fn rotate_older(&self, connection: ConnectionId, age_max: Duration) -> Result<u64, Error> {
        let mut rotated = 0;
        for purpose in PURPOSES {
            let owner = connection.to_string();
            let kept = self.keys.all(purpose, &owner).await?;
            self.believe(kept.first())?;
            let old = |key: &&Key| self.clock.now().since(key.created_at) >= age_max;
            let Some(outworn) = kept.first().filter(old) else { continue };
            let made = self.make(connection).await?;
            self.keys.rotate_with(purpose, &owner, outworn, || made.to_bytes()).await?;
            rotated += 1;
        }
        Ok(rotated)
    }

    /// No key is put beside one that was made in the future: it would take the place of the one that signs.
    fn believe(&self, newest: Option<&Key>) -> Result<(), Error> {
        let unbelieved = newest.filter(|key| key.created_at > self.clock.now().plus(CLOCK_AHEAD_MAX));
        unbelieved.map_or(Ok(()), |key| Err(Error::KeyFromTheFuture(key.id)))
    }

    /// The keys that our metadata tells, as far as there are any; makes none.
    pub(crate) async fn known(&self, connection: ConnectionId) -> Result<Vec<ServiceProviderKey>, Error> {
        let mut known = Vec::new();
        for (purpose, key_use) in [(SIGNING, KeyUse::Signing), (ENCRYPTION, KeyUse::Encryption)] {
            let Some(generations) = self.present((purpose, connection)).await? else { continue };
            let newest_first = &generations.newest_first;
            let active = match key_use {
                KeyUse::Signing => self.signs(newest_first),
                KeyUse::Encryption => newest_first.first(),
            };
            let (active, oldest) = (active.map(|one| one.id), newest_first.last().map(|one| one.id));
            known.extend(newest_first.iter().map(|one| ServiceProviderKey {
                key_id: one.id.to_string(),
                key_use,
                fingerprint: one.credential.certificate().fingerprint().to_string(),
                active: active == Some(one.id),
                // The first one signs at once, and each is encrypted for at once.
                active_from: match key_use {
                    KeyUse::Signing if oldest != Some(one.id) => one.created_at.plus(self.overlap),
                    KeyUse::Signing | KeyUse::Encryption => one.created_at,
                },
            }));
        }
        Ok(known)
    }

    /// The ids of all keys that exist, also of those that our metadata tells no more.
    pub(crate) async fn kept(&self, connection: ConnectionId) -> Result<Vec<String>, Error> {
        let mut kept = Vec::new();
        for purpose in PURPOSES {
            kept.extend(self.keys.all(purpose, &connection.to_string()).await?.iter().map(|key| key.id.to_string()));
        }
        Ok(kept)
    }

    /// The line, made if there is none.
    async fn needed(&self, line: Line) -> Result<Arc<Generations>, Error> {
        if let Some(present) = self.present(line).await? {
            return Ok(present);
        }
        let made = self.make(line.1).await?;
        self.keys.current_with(line.0, &line.1.to_string(), || made.to_bytes()).await?;
        self.present(line).await?.ok_or(Error::Credential(CredentialError::Key))
    }

    async fn present(&self, line: Line) -> Result<Option<Arc<Generations>>, Error> {
        let mut kept = self.keys.all(line.0, &line.1.to_string()).await?;
        kept.truncate(GENERATIONS);
        if kept.is_empty() {
            return Ok(None);
        }
        if let Some(ready) = self.ready().get(&line).filter(|ready| ready.are(&kept)) {
            return Ok(Some(Arc::clone(ready)));
        }
        let generations = Arc::new(Generations::read(&kept, line.0)?);
        let mut ready = self.ready();
        if ready.len() >= READY_MAX {
            ready.clear();
        }
        ready.insert(line, Arc::clone(&generations));
        Ok(Some(generations))
    }

    async fn make(&self, connection: ConnectionId) -> Result<Credential, Error> {
        let now = self.clock.now();
        let name = format!("Vestibule {connection}");
        let (from, until) = (now.minus(CERTIFICATE_BACKDATED), now.plus(CERTIFICATE_LIFETIME));
        // RSA keys take a while to make.
        let made = tokio::task::spawn_blocking(move || Credential::generate(&name, from, until)).await;
        Ok(made.map_err(|_| CredentialError::Key)??)
    }

    fn ready(&self) -> std::sync::MutexGuard<'_, HashMap<Line, Arc<Generations>>> {
        // A panic cannot leave the map half-changed: at worst an entry is missing.
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Destroys the keys that our metadata has told nobody of for a day: a recorded message that is encrypted for one of them is
/// nobody's to read from then on. For a process that may destroy keys.
pub(crate) async fn destroy_retired(keys: &KeyStore, clock: &dyn Clock) -> Result<(), KeyError> {
    let before = clock.now().minus(RETIRED_KEPT);
    let newer = u32::try_from(GENERATIONS).unwrap_or(u32::MAX);
    for purpose in PURPOSES {
        for (connection, key) in keys.prune_followed(purpose, newer, before).await? {
            tracing::info!(purpose, connection, %key, "a service provider key that no metadata tells any more is destroyed");
        }
    }
    Ok(())
}

impl Generations {
    fn read(kept: &[Key], purpose: &str) -> Result<Self, Error> {
        let newest_first = kept.iter().map(Generation::read).collect::<Result<Vec<_>, _>>()?;
        let opens = purpose == ENCRYPTION;
        let decryption = opens.then(|| DecryptionKeys::new(newest_first.iter().map(|one| &*one.credential)));
        Ok(Self { decryption: decryption.transpose()?.map(Arc::new), newest_first })
    }

    fn published(&self, active: Option<KeyId>) -> Vec<PublishedKey> {
        let published = |generation: &Generation| PublishedKey {
            active: active == Some(generation.id),
            generation: generation.clone(),
        };
        self.newest_first.iter().map(published).collect()
    }

    /// Whether these are the keys it was made of.
    fn are(&self, kept: &[Key]) -> bool {
        self.newest_first.iter().map(|generation| generation.id).eq(kept.iter().map(|key| key.id))
    }
}

impl Generation {
    fn read(key: &Key) -> Result<Self, CredentialError> {
        let credential = Arc::new(Credential::from_bytes(key.material())?);
        Ok(Self { id: key.id, created_at: key.created_at, credential })
    }
}
