use std::{collections::HashMap, hash::BuildHasher};

use vestibule_kernel::{ConnectionId, OrganizationId, UserPoolId};
use vestibule_tenancy::organization::{Created, Placement};

use super::{
    connection::Connection,
    place::{Index, Place},
};

/// Whether people of an organization may sign in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// Something refers to it, but it has not been created.
    Absent,
    Active,
    Suspended,
}

/// An organization with its connections.
pub(crate) struct Organization {
    pub(crate) id: OrganizationId,
    pub(super) slug: Box<str>,
    pub(crate) display_name: Box<str>,
    pub(super) connections: Vec<Connection>,
    pub(super) user_pool: Option<Place>,
    /// The one app client through which its people sign in, if it has one of its own.
    pub(crate) app_client_id: Option<Box<str>>,
    pub(crate) state: State,
}

impl Organization {
    fn absent(id: OrganizationId) -> Self {
        let (slug, display_name) = Default::default();
        let (user_pool, app_client_id) = (None, None);
        Self { id, slug, display_name, connections: Vec::new(), user_pool, app_client_id, state: State::Absent }
    }

    /// In the order of their creation.
    pub(crate) fn enabled_connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.iter().filter(|connection| connection.enabled)
    }

    pub(crate) fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    pub(super) fn connection_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.id == id)
    }

    pub(super) fn add(&mut self, connection: Connection) {
        // Nearly all have one, and the usual growth would make room for four.
        self.connections.reserve_exact(1);
        self.connections.push(connection);
    }

    pub(super) fn enable(&mut self, id: ConnectionId, enabled: bool) {
        if let Some(connection) = self.connection_mut(id) {
            connection.enabled = enabled;
        }
    }
}

/// All organizations, found by id and by slug.
#[derive(Default)]
pub(super) struct Organizations {
    arena: Vec<Organization>,
    by_id: Index,
    by_slug: Index,
    /// By user pool and app client, for app clients that are an organization's own: a few.
    by_app_client: HashMap<(UserPoolId, Box<str>), Place>,
}

impl Organizations {
    pub(super) fn at(&self, place: Place) -> Option<&Organization> {
        self.arena.get(place.index())
    }

    pub(super) fn at_mut(&mut self, place: Place) -> Option<&mut Organization> {
        self.arena.get_mut(place.index())
    }

    pub(super) fn with_id(&self, id: OrganizationId) -> Option<&Organization> {
        self.at(self.find_id(id)?)
    }

    pub(super) fn with_slug(&self, slug: &str) -> Option<&Organization> {
        self.at(self.by_slug.find(slug, |place| self.at(place).is_some_and(|found| *found.slug == *slug))?)
    }

    /// The place of an organization; makes an absent one where there is none, so that nothing depends on the order in
    /// which streams are written.
    pub(super) fn place_of(&mut self, id: OrganizationId) -> Place {
        if let Some(place) = self.find_id(id) {
            return place;
        }
        self.add(Organization::absent(id))
    }

    pub(super) fn with_capacity(organizations: usize) -> Self {
        Self {
            arena: Vec::with_capacity(organizations),
            by_id: Index::with_capacity(organizations),
            by_slug: Index::with_capacity(organizations),
            by_app_client: HashMap::new(),
        }
    }

    /// In the order of places.
    pub(super) fn all(&self) -> &[Organization] {
        // Whatever else there is follows from these, but for what `own_app_clients` tells.
        let Self { arena, by_id: _, by_slug: _, by_app_client: _ } = self;
        arena
    }

    /// The app clients that are an organization's own, and whose, in order.
    pub(super) fn own_app_clients(&self) -> Vec<(UserPoolId, &str, Place)> {
        let mut own: Vec<_> =
            self.by_app_client.iter().map(|((pool, client), owner)| (*pool, &**client, *owner)).collect();
        own.sort_unstable_by_key(|(pool, client, _)| (*pool, *client));
        own
    }

    /// Adds an organization that is not there, at the next place.
    pub(super) fn restore(&mut self, organization: Organization) {
        let has_slug = !organization.slug.is_empty();
        let place = self.add(organization);
        if has_slug {
            self.index_slug(place);
        }
    }

    pub(super) fn restore_own_app_client(&mut self, user_pool: UserPoolId, app_client_id: Box<str>, owner: Place) {
        self.by_app_client.insert((user_pool, app_client_id), owner);
    }

    fn add(&mut self, organization: Organization) -> Place {
        let place = Place::next(&self.arena);
        self.arena.push(organization);
        let arena = &self.arena;
        self.by_id.insert(place, |hasher, place| arena.get(place.index()).map_or(0, |found| hasher.hash_one(found.id)));
        place
    }

    pub(super) fn created(&mut self, place: Place, created: &Created, user_pool: Place) {
        self.put(place, State::Active);
        self.updated(place, Some(&created.slug), Some(created.display_name.clone()));
        self.moved(place, &created.placement, user_pool);
    }

    pub(super) fn updated(&mut self, place: Place, slug: Option<&str>, display_name: Option<String>) {
        if let Some(slug) = slug {
            self.rename(place, slug);
        }
        if let (Some(organization), Some(display_name)) = (self.at_mut(place), display_name) {
            organization.display_name = display_name.into_boxed_str();
        }
    }

    pub(super) fn moved(&mut self, place: Place, placement: &Placement, user_pool: Place) {
        let app_client_id: Option<Box<str>> = placement.app_client_id().map(Box::from);
        if self.at(place).is_some_and(|organization| organization.app_client_id.is_some()) {
            self.by_app_client.retain(|_, owner| *owner != place);
        }
        if let Some(own) = app_client_id.clone() {
            self.by_app_client.insert((placement.user_pool(), own), place);
        }
        if let Some(organization) = self.at_mut(place) {
            organization.user_pool = Some(user_pool);
            organization.app_client_id = app_client_id;
        }
    }

    /// Whose own app client it is.
    pub(super) fn owner_of_app_client(&self, user_pool: UserPoolId, app_client_id: &str) -> Option<&Organization> {
        if self.by_app_client.is_empty() {
            return None;
        }
        self.at(*self.by_app_client.get(&(user_pool, Box::from(app_client_id)))?)
    }

    pub(super) fn put(&mut self, place: Place, state: State) {
        if let Some(organization) = self.at_mut(place) {
            organization.state = state;
        }
    }

    fn rename(&mut self, place: Place, slug: &str) {
        let Some(organization) = self.arena.get_mut(place.index()) else { return };
        self.by_slug.remove(&*organization.slug, place);
        organization.slug = slug.into();
        self.index_slug(place);
    }

    fn index_slug(&mut self, place: Place) {
        let arena = &self.arena;
        self.by_slug
            .insert(place, |hasher, place| arena.get(place.index()).map_or(0, |found| hasher.hash_one(&*found.slug)));
    }

    fn find_id(&self, id: OrganizationId) -> Option<Place> {
        self.by_id.find(&id, |place| self.at(place).is_some_and(|found| found.id == id))
    }
}
