use std::hash::{BuildHasher, Hash, RandomState};

use hashbrown::HashTable;

/// The place of a record in its arena.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Place(u32);

impl Place {
    /// The place of the next record of `arena`. Four billion records do not fit into any memory.
    pub(super) fn next<T>(arena: &[T]) -> Self {
        Self(u32::try_from(arena.len()).unwrap_or(u32::MAX))
    }

    /// The place of the last record of `arena`.
    pub(super) fn last<T>(arena: &[T]) -> Self {
        Self(u32::try_from(arena.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// The place with this number.
    pub(super) const fn at(number: u32) -> Self {
        Self(number)
    }

    pub(super) const fn number(self) -> u32 {
        self.0
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Finds the places of records by a key that the records themselves hold.
#[derive(Default)]
pub(super) struct Index {
    places: HashTable<Place>,
    hasher: RandomState,
}

impl Index {
    /// An index that has room for so many places.
    pub(super) fn with_capacity(places: usize) -> Self {
        Self { places: HashTable::with_capacity(places), hasher: RandomState::default() }
    }

    pub(super) fn find(&self, key: &(impl Hash + ?Sized), is_it: impl Fn(Place) -> bool) -> Option<Place> {
        self.places.find(self.hasher.hash_one(key), |place| is_it(*place)).copied()
    }

    /// Adds the place of a record that is not in the index; `hash` hashes the key of any record.
    pub(super) fn insert(&mut self, place: Place, hash: impl Fn(&RandomState, Place) -> u64) {
        let hasher = &self.hasher;
        self.places.insert_unique(hash(hasher, place), place, |place| hash(hasher, *place));
    }

    /// Takes a place out; without effect when it is not there under this key.
    pub(super) fn remove(&mut self, key: &(impl Hash + ?Sized), place: Place) {
        if let Ok(found) = self.places.find_entry(self.hasher.hash_one(key), |other| *other == place) {
            found.remove();
        }
    }
}
