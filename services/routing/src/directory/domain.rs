use std::hash::BuildHasher;

use vestibule_tenancy::DomainName;

use super::place::{Index, Place};

/// A verified domain name. Whose it is, is all that routing needs of it.
struct Domain {
    name: Box<str>,
    organization: Place,
    include_subdomains: bool,
}

/// All verified domain names.
#[derive(Default)]
pub(super) struct Domains {
    arena: Vec<Domain>,
    by_name: Index,
}

impl Domains {
    pub(super) fn owner(&self, name: &DomainName) -> Option<Place> {
        let above = || name.parents().filter_map(|parent| self.named(parent)).find(|domain| domain.include_subdomains);
        self.named(name.as_str()).or_else(above).map(|domain| domain.organization)
    }

    pub(super) fn verified(&mut self, name: &str, organization: Place, include_subdomains: bool) {
        if let Some(domain) = self.find(name).and_then(|place| self.arena.get_mut(place.index())) {
            domain.organization = organization;
            domain.include_subdomains = include_subdomains;
            return;
        }
        self.add(name.into(), organization, include_subdomains);
    }

    /// Forgets a name that `organization` gives up; a mere claim on a name that another one has verified changes nothing.
    pub(super) fn released(&mut self, name: &str, organization: Place) {
        let owned =
            |place: &Place| self.arena.get(place.index()).is_some_and(|found| found.organization == organization);
        let Some(place) = self.find(name).filter(owned) else { return };
        self.by_name.remove(name, place);
        let last = Place::last(&self.arena);
        if let Some(moved) = self.arena.last() {
            self.by_name.remove(&*moved.name, last);
        }
        self.arena.swap_remove(place.index());
        if place != last {
            self.index(place);
        }
    }

    pub(super) fn with_capacity(domains: usize) -> Self {
        Self { arena: Vec::with_capacity(domains), by_name: Index::with_capacity(domains) }
    }

    pub(super) const fn len(&self) -> usize {
        self.arena.len()
    }

    /// Every name with its owner's place and whether everything below belongs to it, in the order of places.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Place, bool)> {
        let Self { arena, by_name: _ } = self;
        arena
            .iter()
            .map(|Domain { name, organization, include_subdomains }| (&**name, *organization, *include_subdomains))
    }

    /// Adds a name that is not there, at the next place.
    pub(super) fn add(&mut self, name: Box<str>, organization: Place, include_subdomains: bool) {
        let place = Place::next(&self.arena);
        self.arena.push(Domain { name, organization, include_subdomains });
        self.index(place);
    }

    fn index(&mut self, place: Place) {
        let arena = &self.arena;
        self.by_name
            .insert(place, |hasher, place| arena.get(place.index()).map_or(0, |found| hasher.hash_one(&*found.name)));
    }

    fn named(&self, name: &str) -> Option<&Domain> {
        self.arena.get(self.find(name)?.index())
    }

    fn find(&self, name: &str) -> Option<Place> {
        self.by_name.find(name, |place| self.arena.get(place.index()).is_some_and(|found| *found.name == *name))
    }
}
