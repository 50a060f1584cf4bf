use std::{collections::HashMap, hash::Hash, num::NonZeroU32};

/// A short name for a long id. Not zero, so that none takes no room either.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Place(NonZeroU32);

impl Place {
    /// The place with this number; four billion ids do not fit into any memory.
    fn at(index: usize) -> Self {
        Self(u32::try_from(index + 1).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX))
    }

    /// The place with this number; 0 is none's.
    pub(super) fn numbered(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    pub(super) const fn number(self) -> u32 {
        self.0.get()
    }

    pub(super) const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Ids in the order in which they were first met.
#[derive(Debug)]
pub(super) struct Places<I> {
    ids: Vec<I>,
    known: HashMap<I, Place>,
}

impl<I> Default for Places<I> {
    fn default() -> Self {
        Self { ids: Vec::new(), known: HashMap::new() }
    }
}

impl<I: Copy + Eq + Hash> Places<I> {
    /// The place of an id; makes one where there is none, so that nothing depends on the order in which streams are written.
    pub(super) fn place_of(&mut self, id: I) -> Place {
        let ids = &mut self.ids;
        *self.known.entry(id).or_insert_with(|| {
            ids.push(id);
            Place::at(ids.len() - 1)
        })
    }

    pub(super) fn with_capacity(ids: usize) -> Self {
        Self { ids: Vec::with_capacity(ids), known: HashMap::with_capacity(ids) }
    }

    /// In the order of places.
    pub(super) fn ids(&self) -> &[I] {
        &self.ids
    }

    pub(super) fn id(&self, place: Place) -> Option<I> {
        self.ids.get(place.index()).copied()
    }
}
