use std::{sync::Arc, time::Duration};

use vestibule_kernel::{Clock, Explain, Explanation, ExposeSecret as _, IdSource, Kind, SecretBytes, Timestamp};

use crate::{
    Key, KeyId, KeyTable, MasterKey, SealedKey, StorageError,
    cipher::KEY_BYTES,
    key_cache::{AGE_MAX, KeyCache},
};

/// A key that is not among those read is looked for in the table again, but not more often than this: key ids arrive
/// from outside, and asking for invented ones must not become a load on the database.
const MISS_REREAD_EVERY: Duration = Duration::from_secs(1);

/// How many keys one [`KeyStore::prune_followed`] destroys at most.
pub const PRUNED_MAX: u32 = 500;

/// How often a rotation or destruction that meets another one looks again.
const ATTEMPTS_MAX: u32 = 5;

/// The keys of the deployment: sealed under the master key in a table that all instances share.
///
/// Opened keys are kept in memory for at most 30 seconds. So a key that this instance destroys is gone here at once and
/// elsewhere after 30 seconds; [`Key`]s that a caller holds on to live as long as it holds them.
#[derive(Clone)]
pub struct KeyStore(Arc<Inner>);

struct Inner {
    table: Arc<dyn KeyTable>,
    master: MasterKey,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    cache: KeyCache,
}

impl KeyStore {
    /// The keys in `table`, sealed under `master`.
    pub fn new(table: Arc<dyn KeyTable>, master: MasterKey, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self(Arc::new(Inner { table, master, clock, ids, cache: KeyCache::default() }))
    }

    /// The newest key of (purpose, owner); makes one of 32 random bytes when there is none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn current(&self, purpose: &'static str, owner: &str) -> Result<Key, KeyError> {
        self.current_with(purpose, owner, || self.random()).await
    }

    /// The newest key of (purpose, owner); makes one of what `make` answers when there is none. Of several callers that
    /// find none, in this process or another, one makes it and all get the same.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn current_with(
        &self,
        purpose: &'static str,
        owner: &str,
        make: impl FnOnce() -> SecretBytes + Send,
    ) -> Result<Key, KeyError> {
        match self.all(purpose, owner).await?.into_iter().next() {
            Some(key) => Ok(key),
            None => self.add(purpose, owner, 0, make()).await,
        }
    }

    /// All keys of (purpose, owner), newest first: open and verify with any, seal and sign with the first.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn all(&self, purpose: &'static str, owner: &str) -> Result<Vec<Key>, KeyError> {
        match self.0.cache.get(purpose, owner, self.0.clock.now(), AGE_MAX) {
            Some(keys) => Ok(keys),
            None => self.read(purpose, owner).await,
        }
    }

    /// The same, read from the table now: what another instance has added or destroyed a moment ago counts.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn reread(&self, purpose: &'static str, owner: &str) -> Result<Vec<Key>, KeyError> {
        self.read(purpose, owner).await
    }

    /// The key of (purpose, owner) with this id, also when another instance added it a moment ago.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn find(&self, purpose: &'static str, owner: &str, id: KeyId) -> Result<Option<Key>, KeyError> {
        let with_id = |keys: Vec<Key>| keys.into_iter().find(|key| key.id == id);
        if let Some(key) = with_id(self.all(purpose, owner).await?) {
            return Ok(Some(key));
        }
        match self.0.cache.get(purpose, owner, self.0.clock.now(), MISS_REREAD_EVERY) {
            Some(keys) => Ok(with_id(keys)),
            None => Ok(with_id(self.read(purpose, owner).await?)),
        }
    }

    /// Adds the generation after `outworn`, of 32 random bytes. The keys before it stay, for opening what they sealed.
    ///
    /// When `outworn` is not the newest key any more, nothing is added and the newest is the answer: however many
    /// instances find at the same time that a key is too old, they make one new key and not one each, which would push
    /// keys that are still needed out of the number that is kept.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn rotate(&self, purpose: &'static str, owner: &str, outworn: &Key) -> Result<Key, KeyError> {
        self.rotate_with(purpose, owner, outworn, || self.random()).await
    }

    /// Like [`Self::rotate`], of what `make` answers.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn rotate_with(
        &self,
        purpose: &'static str,
        owner: &str,
        outworn: &Key,
        make: impl FnOnce() -> SecretBytes + Send,
    ) -> Result<Key, KeyError> {
        self.add(purpose, owner, outworn.generation, make()).await
    }

    /// Destroys all but the `keep` newest keys of (purpose, owner); answers how many.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn prune(&self, purpose: &'static str, owner: &str, keep: usize) -> Result<usize, KeyError> {
        let mut destroyed = 0;
        for row in self.0.table.list(purpose, owner).await?.into_iter().skip(keep) {
            destroyed += usize::from(self.0.table.destroy(row.id).await?);
        }
        self.0.cache.forget(purpose, owner);
        Ok(destroyed)
    }

    /// Destroys one key of (purpose, owner); whether it was there.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn remove(&self, purpose: &'static str, owner: &str, id: KeyId) -> Result<bool, KeyError> {
        let destroyed = self.0.table.destroy(id).await?;
        self.0.cache.forget(purpose, owner);
        Ok(destroyed)
    }

    /// Destroys keys of `purpose`, whoever their owner is, that at least `newer` newer keys of the same owner have followed
    /// which were made at `before` or earlier. At most [`PRUNED_MAX`] in one go; answers which, with their owners.
    ///
    /// # Errors
    /// [`KeyError`]; some keys may be destroyed already, and calling again destroys the others.
    pub async fn prune_followed(
        &self,
        purpose: &'static str,
        newer: u32,
        before: Timestamp,
    ) -> Result<Vec<(String, KeyId)>, KeyError> {
        let mut destroyed = Vec::new();
        for row in self.0.table.list_followed(purpose, newer, before, PRUNED_MAX).await? {
            if self.remove(purpose, &row.owner, row.id).await? {
                destroyed.push((row.owner, row.id));
            }
        }
        Ok(destroyed)
    }

    /// Destroys all keys of (purpose, owner) for ever: nothing that they sealed can be read again by anybody.
    ///
    /// # Errors
    /// [`KeyError`]; some keys may be destroyed already, and calling again destroys the others.
    pub async fn destroy(&self, purpose: &'static str, owner: &str) -> Result<(), KeyError> {
        // Another instance may add a generation between the list and the destruction, so the list must come back empty.
        for _ in 0..ATTEMPTS_MAX {
            if self.prune(purpose, owner, 0).await? == 0 && self.0.table.list(purpose, owner).await?.is_empty() {
                return Ok(());
            }
        }
        Err(KeyError::Contended)
    }

    fn random(&self) -> SecretBytes {
        SecretBytes::from(self.0.ids.bytes::<KEY_BYTES>().to_vec())
    }

    /// Adds generation `newest + 1`, or answers with what somebody else added instead.
    async fn add(
        &self,
        purpose: &'static str,
        owner: &str,
        newest: u32,
        material: SecretBytes,
    ) -> Result<Key, KeyError> {
        let now = self.0.clock.now();
        let mut row = SealedKey {
            id: KeyId(self.0.ids.uuid_v7(now)),
            purpose: purpose.to_owned(),
            owner: owner.to_owned(),
            generation: newest.saturating_add(1),
            created_at: now,
            sealed: Vec::new(),
        };
        row.sealed = self.0.master.seal(&*self.0.ids, &row, material.expose_secret())?;
        drop(material);
        self.0.table.insert(&row).await?;
        // Whether ours was taken or another's, the table says what the newest one is.
        let newest = self.read(purpose, owner).await?.into_iter().next();
        newest.filter(|key| key.generation >= row.generation).ok_or(KeyError::Contended)
    }

    async fn read(&self, purpose: &'static str, owner: &str) -> Result<Vec<Key>, KeyError> {
        let (now, destructions) = (self.0.clock.now(), self.0.cache.destructions());
        let rows = self.0.table.list(purpose, owner).await?;
        let keys = rows.iter().map(|row| self.open(purpose, owner, row)).collect::<Result<Vec<_>, _>>()?;
        // That there is none is not kept: another instance may make the first one at any moment.
        if !keys.is_empty() {
            self.0.cache.put(purpose, owner, &keys, now, destructions);
        }
        Ok(keys)
    }

    fn open(&self, purpose: &str, owner: &str, row: &SealedKey) -> Result<Key, KeyError> {
        // The seal binds a row to its own columns; that they are the ones asked for is for us to see.
        if row.purpose != purpose || row.owner != owner {
            return Err(KeyError::Unopenable { id: row.id, purpose: purpose.to_owned() });
        }
        let material = SecretBytes::from(self.0.master.open_row(row)?);
        Key::unsealed(row, material, Arc::clone(&self.0.ids))
    }
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyStore").finish_non_exhaustive()
    }
}

/// A key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key table does not answer as it should.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The row does not open: it was sealed under another master key, or was changed.
    #[error(
        "key {id} ({purpose}) does not open: either this is not the master key it was sealed under, or its row was changed"
    )]
    Unopenable {
        /// The key.
        id: KeyId,
        /// What it is for.
        purpose: String,
    },
    /// Other instances kept adding or destroying keys of the same purpose and owner.
    #[error("other instances keep changing the same keys")]
    Contended,
    /// The crypto library refused.
    #[error("the crypto library refuses to seal or derive")]
    Unsealable,
}

impl Explain for KeyError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Storage(error) => error.explain(),
            Self::Unopenable { .. } => Explanation::new(Kind::Corrupt, "KEY_UNREADABLE"),
            Self::Contended => Explanation::new(Kind::Unavailable, "KEY_CONTENDED"),
            Self::Unsealable => Explanation::new(Kind::Internal, "KEY_UNUSABLE"),
        }
    }
}
