use std::{collections::HashMap, sync::Arc};

use vestibule_kernel::UserPoolId;
use vestibule_tenancy::user_pool::{Registered, Updated};

use super::{Organization, place::Place};

/// A user pool, as far as authorize URLs need it.
#[derive(Clone, Debug)]
pub(crate) struct UserPool {
    pub(crate) id: UserPoolId,
    /// The one for authorize URLs.
    pub(crate) domain: String,
    pub(crate) provider_name: String,
    pub(crate) app_client_id: String,
    /// Who issues its tokens.
    pub(crate) issuer: String,
    /// Where its application begins a sign-in that somebody else asks for.
    pub(crate) initiate_login_uri: Option<String>,
}

/// All user pools: a few, so nothing is saved here.
#[derive(Default)]
pub(crate) struct UserPools {
    /// `None`: an organization is placed in it, but it has not been registered.
    arena: Vec<Option<Arc<UserPool>>>,
    by_id: HashMap<UserPoolId, Place>,
}

impl UserPools {
    pub(crate) fn with_id(&self, id: UserPoolId) -> Option<&Arc<UserPool>> {
        self.at(*self.by_id.get(&id)?)
    }

    /// Where the people of an organization live.
    pub(crate) fn of(&self, organization: &Organization) -> Option<&Arc<UserPool>> {
        self.at(organization.user_pool?)
    }

    fn at(&self, place: Place) -> Option<&Arc<UserPool>> {
        self.arena.get(place.index())?.as_ref()
    }

    pub(super) fn registered(&mut self, id: UserPoolId, registered: Registered) {
        let pool = UserPool {
            id,
            domain: registered.domains.into_iter().next().unwrap_or_default(),
            provider_name: registered.provider_name,
            app_client_id: registered.app_client_id,
            issuer: vestibule_cognito::issuer(&registered.region, &registered.pool_id),
            initiate_login_uri: None,
        };
        self.put(id, pool);
    }

    pub(super) fn updated(&mut self, id: UserPoolId, updated: Updated) {
        let Some(pool) = self.with_id(id) else { return };
        let mut pool = UserPool::clone(pool);
        if let Some(domain) = updated.domains.into_iter().flatten().next() {
            pool.domain = domain;
        }
        if let Some(app_client_id) = updated.app_client_id {
            pool.app_client_id = app_client_id;
        }
        if let Some(address) = updated.initiate_login_uri {
            pool.initiate_login_uri = Some(address).filter(|address| !address.is_empty());
        }
        self.put(id, pool);
    }

    fn put(&mut self, id: UserPoolId, pool: UserPool) {
        let place = self.place_of(id);
        if let Some(slot) = self.arena.get_mut(place.index()) {
            *slot = Some(Arc::new(pool));
        }
    }

    /// In the order of places; `None` for one that has not been registered.
    pub(super) fn in_order(&self) -> Vec<(UserPoolId, Option<&UserPool>)> {
        let Self { arena, by_id } = self;
        let mut ids: Vec<_> = by_id.iter().collect();
        ids.sort_unstable_by_key(|(_, place)| place.index());
        ids.into_iter().zip(arena).map(|((id, _), pool)| (*id, pool.as_deref())).collect()
    }

    /// Adds a user pool that is not there, at the next place.
    pub(super) fn restore(&mut self, id: UserPoolId, pool: Option<UserPool>) {
        match pool {
            Some(pool) => self.put(id, pool),
            None => drop(self.place_of(id)),
        }
    }

    pub(super) fn place_of(&mut self, id: UserPoolId) -> Place {
        let arena = &mut self.arena;
        *self.by_id.entry(id).or_insert_with(|| {
            let place = Place::next(arena);
            arena.push(None);
            place
        })
    }
}
