//! Who belongs to which organization, and what keeps them from tokens: folded from the log, held in memory.

mod organization;
mod person;
mod place;
mod snapshot;
mod user_pool;

use std::collections::{HashMap, HashSet};

use serde::de::Error as _;
use vestibule_decider::DecodeError;
use vestibule_eventlog::{LiveView, Recorded};
use vestibule_kernel::{ConnectionId, OrganizationId, PersonId, UserPoolId};
use vestibule_tenancy::{
    claim_policy::{self, Policies},
    connection, domain, organization as organization_events, person as person_events, user_pool as user_pool_events,
};

pub(crate) use organization::{Organization, Profile};
pub(crate) use person::{Person, Roles};
pub(crate) use user_pool::UserPool;

use person::Persons;
use place::{Place, Places};
use user_pool::UserPools;

/// Who belongs to which organization, and what keeps them from tokens: folded from the log, held in memory.
///
/// Made for a million people: of a person it keeps the id and the places of organization, connection and roles, thirty-two
/// bytes and the slack of the table. It holds no names and no addresses of persons, and of domains only those that an
/// organization owns.
#[derive(Debug, Default)]
pub struct People {
    persons: Persons,
    /// By place.
    organizations: Vec<Organization>,
    organization_places: Places<OrganizationId>,
    enabled_connections: HashSet<ConnectionId>,
    /// Users whom a user pool holds itself, by pool and `sub`, with the place of the person.
    native_users: HashMap<(UserPoolId, Box<str>), u32>,
    /// App clients that belong to one organization.
    own_app_clients: HashMap<(UserPoolId, String), Place>,
    policies: Policies,
    pub(crate) user_pools: UserPools,
}

impl People {
    pub(crate) fn person(&self, id: PersonId) -> Option<&Person> {
        self.persons.find(id)
    }

    /// The person who is a user of the pool's own, by the pool's `sub`.
    pub(crate) fn native_user(&self, user_pool: UserPoolId, sub: &str) -> Option<&Person> {
        self.persons.at(*self.native_users.get(&(user_pool, Box::from(sub)))?)
    }

    pub(crate) fn has_native_users(&self) -> bool {
        !self.native_users.is_empty()
    }

    pub(crate) fn organization(&self, place: Place) -> Option<&Organization> {
        self.organizations.get(place.index())
    }

    /// The organization to which an app client belongs alone.
    pub(crate) fn owner_of(&self, user_pool: UserPoolId, app_client_id: &str) -> Option<Place> {
        if self.own_app_clients.is_empty() {
            return None;
        }
        self.own_app_clients.get(&(user_pool, app_client_id.to_owned())).copied()
    }

    pub(crate) fn connection_of(&self, person: &Person) -> Option<ConnectionId> {
        self.persons.connection_of(person)
    }

    pub(crate) fn is_enabled(&self, connection: ConnectionId) -> bool {
        self.enabled_connections.contains(&connection)
    }

    pub(crate) fn roles_of(&self, person: &Person) -> Roles {
        self.persons.roles_of(person)
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.policies
    }

    fn apply_organization(&mut self, id: OrganizationId, event: organization_events::Event) {
        let place = self.place_of(id);
        let before = self.own_app_client(place);
        if let Some(organization) = self.organizations.get_mut(place.index()) {
            organization.apply(event);
        }
        let now = self.own_app_client(place);
        if before != now {
            // Another organization may have taken it over since, in an event that was read before.
            if let Some(before) = before.filter(|before| self.own_app_clients.get(before) == Some(&place)) {
                self.own_app_clients.remove(&before);
            }
            if let Some(now) = now {
                self.own_app_clients.insert(now, place);
            }
        }
    }

    fn own_app_client(&self, place: Place) -> Option<(UserPoolId, String)> {
        let placement = &self.organization(place)?.profile.as_ref()?.placement;
        Some((placement.user_pool(), placement.app_client_id()?.to_owned()))
    }

    fn apply_person(&mut self, event: person_events::Event) {
        let persons = &mut self.persons;
        match event {
            person_events::Event::FirstSeen(first) => {
                let organization = self.place_of(first.organization);
                self.persons.enter(first.person, organization);
                self.persons.set_connection(first.person, first.connection);
            }
            person_events::Event::NativeUserLinked(linked) => {
                let organization = self.place_of(linked.organization);
                let place = self.persons.enter(linked.person, organization);
                self.native_users.insert((linked.user_pool, linked.native_user.into_boxed_str()), place);
            }
            person_events::Event::NativeUserUnlinked(unlinked) => {
                self.native_users.remove(&(unlinked.user_pool, unlinked.native_user.into_boxed_str()));
            }
            person_events::Event::Relinked(relinked) => persons.set_connection(relinked.person, relinked.connection),
            person_events::Event::RolesChanged(changed) => persons.set_roles(changed.person, changed.roles),
            person_events::Event::Deactivated(deactivated) => persons.set_deactivated(deactivated.person, true),
            // Whoever turned out to be somebody else never comes back.
            person_events::Event::Superseded(superseded) => persons.set_deactivated(superseded.person, true),
            person_events::Event::Reactivated(reactivated) => persons.set_deactivated(reactivated.person, false),
            person_events::Event::SignedOut(signed_out) => persons.set_signed_out(signed_out.person, true),
            person_events::Event::SignedIn(signed_in) => persons.set_signed_out(signed_in.person, false),
            person_events::Event::Updated(_) => {}
        }
    }

    fn apply_connection(&mut self, id: ConnectionId, event: &connection::Event) {
        match event {
            connection::Event::Enabled(_) => drop(self.enabled_connections.insert(id)),
            connection::Event::Disabled(_) => drop(self.enabled_connections.remove(&id)),
            // It begins disabled; the rest is about how people sign in.
            _ => {}
        }
    }

    fn apply_domain(&mut self, owner: OrganizationId, event: domain::Event) {
        let place = self.place_of(owner);
        let Some(organization) = self.organizations.get_mut(place.index()) else { return };
        match event {
            domain::Event::Verified(verified) => organization.verify(verified.name, verified.include_subdomains),
            domain::Event::Released(released) => organization.release(&released.name),
            domain::Event::Claimed(_) => {}
        }
    }

    fn place_of(&mut self, id: OrganizationId) -> Place {
        let place = self.organization_places.place_of(id);
        if place.index() == self.organizations.len() {
            self.organizations.push(Organization::unknown());
        }
        place
    }
}

impl LiveView for People {
    const NAME: &'static str = "enrichment.people";

    fn categories() -> Vec<&'static str> {
        vec![
            organization_events::CATEGORY,
            person_events::CATEGORY,
            connection::CATEGORY,
            domain::CATEGORY,
            user_pool_events::CATEGORY,
            claim_policy::CATEGORY,
        ]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        match event.stream.category() {
            organization_events::CATEGORY => self.apply_organization(key(event)?, event.decode()?),
            person_events::CATEGORY => self.apply_person(event.decode()?),
            connection::CATEGORY => self.apply_connection(key(event)?, &event.decode()?),
            domain::CATEGORY => {
                let owner = event.stream.organization().ok_or_else(misplaced)?;
                self.apply_domain(owner, event.decode()?);
            }
            user_pool_events::CATEGORY => self.user_pools.apply(key(event)?, event.decode()?),
            claim_policy::CATEGORY => self.policies.apply(event.decode()?),
            _ => {}
        }
        Ok(())
    }
}

/// The id that the stream is called by.
fn key<I: std::str::FromStr>(event: &Recorded) -> Result<I, DecodeError> {
    event.stream.key().parse().map_err(|_| misplaced())
}

fn misplaced() -> DecodeError {
    let source = serde_json::Error::custom("the name of the stream does not say whose event it is");
    DecodeError::Malformed { name: "(any)", source }
}
