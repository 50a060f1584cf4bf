use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use vestibule_kernel::Timestamp;

/// What one memory may hold; the entry that ends first makes room.
const ENTRIES_MAX: usize = 20_000;

/// A bounded memory whose entries all live equally long.
pub(crate) struct Expiring<V> {
    lifetime: Duration,
    entries: Mutex<HashMap<String, (Timestamp, V)>>,
}

impl<V: Clone> Expiring<V> {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, entries: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn put(&self, key: String, value: V, now: Timestamp) {
        let mut entries = self.lock();
        if entries.len() >= ENTRIES_MAX {
            entries.retain(|_, (end, _)| *end > now);
        }
        if entries.len() >= ENTRIES_MAX
            && let Some(first) = entries.iter().min_by_key(|(_, (end, _))| *end).map(|(key, _)| key.clone())
        {
            entries.remove(&first);
        }
        entries.insert(key, (now.plus(self.lifetime), value));
    }

    pub(crate) fn get(&self, key: &str, now: Timestamp) -> Option<V> {
        self.lock().get(key).filter(|(end, _)| *end > now).map(|(_, value)| value.clone())
    }

    /// Removes the entry: for what may be used once.
    pub(crate) fn take(&self, key: &str, now: Timestamp) -> Option<V> {
        self.lock().remove(key).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }

    /// Changes an entry in place, without prolonging its life.
    pub(crate) fn change<R>(&self, key: &str, now: Timestamp, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.lock().get_mut(key).filter(|(end, _)| *end > now).map(|(_, value)| change(value))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, V)>> {
        // Nothing panics while it is held.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
