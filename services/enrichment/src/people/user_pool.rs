use std::{collections::HashMap, sync::Arc};

use vestibule_kernel::UserPoolId;
use vestibule_tenancy::user_pool;

/// A user pool, as far as its users are told apart by it.
#[derive(Clone, Debug)]
pub(crate) struct UserPool {
    pub(crate) id: UserPoolId,
    pub(crate) provider_name: Arc<str>,
}

/// All user pools.
#[derive(Debug, Default)]
pub(crate) struct UserPools {
    /// By Cognito's own id.
    pub(super) known: HashMap<String, UserPool>,
    /// Cognito's own id of a user pool and its domains, on which depends who issues its tokens.
    pub(super) domains: HashMap<UserPoolId, (String, Vec<String>)>,
    /// How often the domains of any user pool changed.
    pub(super) revision: u64,
}

impl UserPools {
    pub(crate) fn find(&self, pool_id: &str) -> Option<&UserPool> {
        self.known.get(pool_id)
    }

    /// Cognito's own id of each user pool, and its domains.
    pub(crate) fn domains(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.domains.values().map(|(pool_id, domains)| (pool_id.as_str(), domains.as_slice()))
    }

    /// Changes whenever the domains of any user pool do.
    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn apply(&mut self, id: UserPoolId, event: user_pool::Event) {
        match event {
            // Its id, its provider name and Cognito's id never change.
            user_pool::Event::Registered(registered) => {
                let pool = UserPool { id: registered.user_pool, provider_name: registered.provider_name.into() };
                self.known.insert(registered.pool_id.clone(), pool);
                self.domains.insert(id, (registered.pool_id, registered.domains));
                self.revision += 1;
            }
            user_pool::Event::Updated(updated) => {
                if let (Some(domains), Some((_, known))) = (updated.domains, self.domains.get_mut(&id)) {
                    *known = domains;
                    self.revision += 1;
                }
            }
            user_pool::Event::SecretAdded(_) | user_pool::Event::SecretRetired(_) => {}
        }
    }
}
