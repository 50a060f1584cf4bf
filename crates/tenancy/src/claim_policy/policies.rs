use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use vestibule_kernel::{OrganizationId, UserPoolId};

use super::{ClaimPolicy, Effective, Event, Level, Target};

/// How many combinations of policies are kept ready. There are as many as pairs of an organization and an app client with a
/// policy of their own that meet; beyond that they are worked out again.
const READY_MAX: usize = 16_384;

/// The policies of a deployment, folded from the log, ready to be applied.
#[derive(Debug, Default)]
pub struct Policies {
    user_pools: HashMap<UserPoolId, ClaimPolicy>,
    organizations: HashMap<OrganizationId, ClaimPolicy>,
    app_clients: HashMap<UserPoolId, HashMap<String, ClaimPolicy>>,
    ready: RwLock<Ready>,
}

/// By what has a policy of its own: the user pool and the organization, and then the app client, empty for none.
type Ready = HashMap<(UserPoolId, Option<OrganizationId>), HashMap<String, Arc<Effective>>>;

impl Policies {
    /// Takes notice of an event.
    pub fn apply(&mut self, event: Event) {
        let (target, policy) = match event {
            Event::Replaced(replaced) => (replaced.target, Some(replaced.policy)),
            Event::Cleared(cleared) => (cleared.target, None),
        };
        match target {
            Target::UserPool { user_pool } => set(&mut self.user_pools, user_pool, policy),
            Target::Organization { organization } => set(&mut self.organizations, organization, policy),
            Target::AppClient { user_pool, app_client_id } => {
                set(self.app_clients.entry(user_pool).or_default(), app_client_id, policy);
            }
        }
        self.ready.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Every policy there is, in no order.
    pub fn all(&self) -> impl Iterator<Item = (Target, &ClaimPolicy)> {
        let Self { user_pools, organizations, app_clients, ready: _ } = self;
        let of_pools = user_pools.iter().map(|(id, policy)| (Target::UserPool { user_pool: *id }, policy));
        let of_organizations =
            organizations.iter().map(|(id, policy)| (Target::Organization { organization: *id }, policy));
        let of_app_clients = app_clients.iter().flat_map(|(id, clients)| {
            clients
                .iter()
                .map(|(client, policy)| (Target::AppClient { user_pool: *id, app_client_id: client.clone() }, policy))
        });
        of_pools.chain(of_organizations).chain(of_app_clients)
    }

    /// The policy of one target, if it has one.
    #[must_use]
    pub fn of(&self, target: &Target) -> Option<&ClaimPolicy> {
        match target {
            Target::UserPool { user_pool } => self.user_pools.get(user_pool),
            Target::Organization { organization } => self.organizations.get(organization),
            Target::AppClient { user_pool, app_client_id } => self.app_clients.get(user_pool)?.get(app_client_id),
        }
    }

    /// What holds for tokens of a pool about an organization for an app client.
    #[must_use]
    pub fn effective(
        &self,
        user_pool: UserPoolId,
        organization: OrganizationId,
        app_client_id: &str,
    ) -> Arc<Effective> {
        let of_pool = self.user_pools.get(&user_pool);
        let of_organization = self.organizations.get(&organization);
        let of_app_client = self.app_clients.get(&user_pool).and_then(|clients| clients.get(app_client_id));
        let pair = (user_pool, of_organization.map(|_| organization));
        let client = of_app_client.map_or("", |_| app_client_id);
        let known = self.ready.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = known.get(&pair).and_then(|clients| clients.get(client)) {
            return Arc::clone(ready);
        }
        drop(known);
        let policies = [of_pool, of_organization, of_app_client];
        let levels = [Level::UserPool, Level::Organization, Level::AppClient];
        let layers = levels.into_iter().zip(policies).filter_map(|(level, policy)| Some((level, policy?)));
        let effective = Arc::new(Effective::of(layers));
        let mut ready = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        if ready.values().map(HashMap::len).sum::<usize>() >= READY_MAX {
            ready.clear();
        }
        ready.entry(pair).or_default().insert(client.to_owned(), Arc::clone(&effective));
        effective
    }
}

fn set<K: Eq + Hash>(policies: &mut HashMap<K, ClaimPolicy>, key: K, policy: Option<ClaimPolicy>) {
    match policy {
        Some(policy) => drop(policies.insert(key, policy)),
        None => drop(policies.remove(&key)),
    }
}
