use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher as _,
    sync::Arc,
};

use hashbrown::{HashTable, hash_table::Entry};
use vestibule_kernel::{ConnectionId, PersonId};

use super::place::{Place, Places};

/// What keeps a person from tokens.
const DEACTIVATED: u8 = 1;
const SIGNED_OUT: u8 = 2;

/// A person: 32 bytes, whatever is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) organization: Place,
    /// The place of the connection; none for a native user who never signed in over one.
    pub(super) connection: Option<Place>,
    /// The place of the set of roles.
    pub(super) roles: u32,
    pub(super) flags: u8,
}

const _: () = assert!(size_of::<Person>() <= 32, "a million of them are held");

impl Person {
    pub(crate) const fn is_deactivated(&self) -> bool {
        self.flags & DEACTIVATED != 0
    }

    pub(crate) const fn is_signed_out(&self) -> bool {
        self.flags & SIGNED_OUT != 0
    }
}

/// The roles of a person, which many persons share.
pub(crate) type Roles = Arc<[Box<str>]>;

/// All persons. An id is random and minted by us, and is found by its hash; the table holds places only.
#[derive(Debug)]
pub(super) struct Persons {
    pub(super) known: Vec<Person>,
    pub(super) places: HashTable<u32>,
    pub(super) hasher: RandomState,
    pub(super) connections: Places<ConnectionId>,
    pub(super) roles: Vec<Roles>,
    pub(super) roles_known: HashMap<Roles, u32>,
}

impl Default for Persons {
    fn default() -> Self {
        let none: Roles = Arc::new([]);
        Self {
            known: Vec::new(),
            places: HashTable::new(),
            hasher: RandomState::default(),
            connections: Places::default(),
            roles: vec![Arc::clone(&none)],
            roles_known: HashMap::from([(none, 0)]),
        }
    }
}

impl Persons {
    /// These persons, who name connections and sets of roles by their places; `None` when one of them is there twice.
    pub(super) fn of(known: Vec<Person>, connections: Places<ConnectionId>, roles: Vec<Roles>) -> Option<Self> {
        let hasher = RandomState::default();
        let mut places = HashTable::with_capacity(known.len());
        for (place, person) in (0_u32..).zip(&known) {
            let rehash = |place: &u32| known.get(*place as usize).map_or(0, |person| hasher.hash_one(person.id));
            let same = |place: &u32| known.get(*place as usize).is_some_and(|known| known.id == person.id);
            match places.entry(hasher.hash_one(person.id), same, rehash) {
                Entry::Vacant(entry) => drop(entry.insert(place)),
                Entry::Occupied(_) => return None,
            }
        }
        let roles_known: HashMap<Roles, u32> = roles.iter().map(Arc::clone).zip(0..).collect();
        (roles_known.len() == roles.len()).then_some(Self { known, places, hasher, connections, roles, roles_known })
    }

    pub(super) fn find(&self, id: PersonId) -> Option<&Person> {
        let known = |place: &u32| self.known.get(*place as usize).is_some_and(|person| person.id == id);
        self.known.get(*self.places.find(self.hasher.hash_one(id), known)? as usize)
    }

    pub(super) fn at(&self, place: u32) -> Option<&Person> {
        self.known.get(place as usize)
    }

    pub(super) fn connection_of(&self, person: &Person) -> Option<ConnectionId> {
        self.connections.id(person.connection?)
    }

    pub(super) fn roles_of(&self, person: &Person) -> Roles {
        self.roles.get(person.roles as usize).map_or_else(|| Arc::new([]), Arc::clone)
    }

    /// The person's place; a new person has no connection yet.
    pub(super) fn enter(&mut self, id: PersonId, organization: Place) -> u32 {
        if let Some(place) = self.place_of(id) {
            return place;
        }
        // Four billion persons do not fit into any memory.
        let place = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.known.push(Person { id, organization, connection: None, roles: 0, flags: 0 });
        let (known, hasher) = (&self.known, &self.hasher);
        let rehash = |place: &u32| known.get(*place as usize).map_or(0, |person| hasher.hash_one(person.id));
        self.places.insert_unique(hasher.hash_one(id), place, rehash);
        place
    }

    pub(super) fn set_connection(&mut self, id: PersonId, connection: ConnectionId) {
        let place = self.connections.place_of(connection);
        self.change(id, |person| person.connection = Some(place));
    }

    pub(super) fn set_roles(&mut self, id: PersonId, roles: Vec<String>) {
        let roles: Roles = roles.into_iter().map(String::into_boxed_str).collect();
        let known = self.roles_known.get(&roles).copied();
        let place = known.unwrap_or_else(|| {
            let place = u32::try_from(self.roles.len()).unwrap_or(u32::MAX);
            self.roles.push(Arc::clone(&roles));
            self.roles_known.insert(roles, place);
            place
        });
        self.change(id, |person| person.roles = place);
    }

    pub(super) fn set_deactivated(&mut self, id: PersonId, is_so: bool) {
        self.set(id, DEACTIVATED, is_so);
    }

    pub(super) fn set_signed_out(&mut self, id: PersonId, is_so: bool) {
        self.set(id, SIGNED_OUT, is_so);
    }

    fn set(&mut self, id: PersonId, flag: u8, is_so: bool) {
        self.change(id, |person| if is_so { person.flags |= flag } else { person.flags &= !flag });
    }

    fn change(&mut self, id: PersonId, change: impl FnOnce(&mut Person)) {
        let person = self.place_of(id).and_then(|place| self.known.get_mut(place as usize));
        if let Some(person) = person {
            change(person);
        }
    }

    fn place_of(&self, id: PersonId) -> Option<u32> {
        let known = |place: &u32| self.known.get(*place as usize).is_some_and(|person| person.id == id);
        self.places.find(self.hasher.hash_one(id), known).copied()
    }
}
