use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use vestibule_kernel::Timestamp;

use crate::Key;

/// How long an instance may use what it has read: a key that another instance destroyed is forgotten after it, one that
/// another instance added is used for sealing after it.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(30);

/// How many owners' keys are kept at most.
const OWNERS_MAX: usize = 20_000;

type Name = (&'static str, String);

/// Opened keys, newest generation first, by purpose and owner.
///
/// Two halves: when the young one is full it becomes the old one, and what nobody asked for since is dropped. A lookup
/// is one or two hash lookups, and memory is bounded.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    young: HashMap<Name, Entry>,
    old: HashMap<Name, Entry>,
    /// Counts destructions: what was read before one is not kept after it.
    destructions: u64,
}

#[derive(Clone)]
struct Entry {
    keys: Vec<Key>,
    read_at: Timestamp,
}

impl KeyCache {
    /// The keys of (purpose, owner), when they were read at most `age_max` ago.
    pub(crate) fn get(
        &self,
        purpose: &'static str,
        owner: &str,
        now: Timestamp,
        age_max: Duration,
    ) -> Option<Vec<Key>> {
        let mut halves = self.halves();
        let name = (purpose, owner.to_owned());
        if let Some(entry) = halves.old.remove(&name) {
            halves.keep(name.clone(), entry);
        }
        // A clock that was set back must not make an entry live longer.
        let fresh = |entry: &&Entry| entry.read_at <= now && now.since(entry.read_at) <= age_max;
        halves.young.get(&name).filter(fresh).map(|entry| entry.keys.clone())
    }

    /// Take this before reading the table and hand it to [`Self::put`].
    pub(crate) fn destructions(&self) -> u64 {
        self.halves().destructions
    }

    /// Keeps what was read, unless a key has been destroyed since the reading began.
    pub(crate) fn put(&self, purpose: &'static str, owner: &str, keys: &[Key], now: Timestamp, destructions: u64) {
        let mut halves = self.halves();
        if halves.destructions == destructions {
            let entry = Entry { keys: keys.to_vec(), read_at: now };
            let name = (purpose, owner.to_owned());
            halves.old.remove(&name);
            halves.keep(name, entry);
        }
    }

    /// Forgets the keys of (purpose, owner), and refuses to keep what is being read at this moment.
    pub(crate) fn forget(&self, purpose: &'static str, owner: &str) {
        let mut halves = self.halves();
        halves.destructions += 1;
        let name = (purpose, owner.to_owned());
        halves.young.remove(&name);
        halves.old.remove(&name);
    }

    fn halves(&self) -> MutexGuard<'_, Halves> {
        // A panic cannot leave the maps half-changed in a way that matters: at worst an entry is missing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn keep(&mut self, name: Name, entry: Entry) {
        if self.young.len() >= OWNERS_MAX / 2 && !self.young.contains_key(&name) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(name, entry);
    }
}
