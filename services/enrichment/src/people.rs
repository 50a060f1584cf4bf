use std::collections::HashMap;

use serde::de::Error as _;
use vestibule_decider::DecodeError;
use vestibule_eventlog::{LiveView, Recorded};
use vestibule_kernel::{OrganizationId, PersonId, UserPoolId};
use vestibule_tenancy::{organization, person, user_pool};

/// Who belongs to which organization, and where organizations live: folded from the log, held in memory.
///
/// Made for a million people: of a person it keeps the id and the place of the organization, twenty bytes and the slack
/// of the table. It holds no names and no addresses.
#[derive(Debug, Default)]
pub struct People {
    /// The place of the organization.
    belonging: HashMap<PersonId, u32>,
    organizations: Vec<Organization>,
    by_id: HashMap<OrganizationId, u32>,
    /// By Cognito's own id.
    user_pools: HashMap<String, UserPool>,
    /// Cognito's own id of a user pool and its domains, on which depends who issues its tokens.
    domains: HashMap<UserPoolId, (String, Vec<String>)>,
    /// How often the domains of any user pool changed.
    user_pools_revision: u64,
}

/// An organization, as far as tokens depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Organization {
    pub(crate) id: OrganizationId,
    /// Where its people live; nowhere, as long as it has not been created.
    pub(crate) user_pool: Option<UserPoolId>,
    pub(crate) suspended: bool,
}

/// A user pool, as far as its users are told apart by it.
#[derive(Clone, Debug)]
pub(crate) struct UserPool {
    pub(crate) id: UserPoolId,
    pub(crate) provider_name: String,
}

impl People {
    pub(crate) fn organization_of(&self, person: PersonId) -> Option<Organization> {
        self.organizations.get(*self.belonging.get(&person)? as usize).copied()
    }

    pub(crate) fn user_pool(&self, pool_id: &str) -> Option<&UserPool> {
        self.user_pools.get(pool_id)
    }

    /// Cognito's own id of each user pool, and its domains.
    pub(crate) fn user_pool_domains(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.domains.values().map(|(pool_id, domains)| (pool_id.as_str(), domains.as_slice()))
    }

    /// Changes whenever the domains of any user pool do.
    pub(crate) fn user_pools_revision(&self) -> u64 {
        self.user_pools_revision
    }

    fn apply_organization(&mut self, id: OrganizationId, event: organization::Event) {
        let place = self.place_of(id);
        let Some(organization) = self.organizations.get_mut(place as usize) else { return };
        match event {
            organization::Event::Created(created) => organization.user_pool = Some(created.placement.user_pool()),
            organization::Event::Updated(updated) => {
                organization.user_pool = updated.placement.map(|placement| placement.user_pool()).or(organization.user_pool);
            }
            organization::Event::Suspended(_) => organization.suspended = true,
            organization::Event::Reinstated(_) => organization.suspended = false,
        }
    }

    fn apply_user_pool(&mut self, id: UserPoolId, event: user_pool::Event) {
        match event {
            // Its id, its provider name and Cognito's id never change.
            user_pool::Event::Registered(registered) => {
                let pool = UserPool { id: registered.user_pool, provider_name: registered.provider_name };
                self.user_pools.insert(registered.pool_id.clone(), pool);
                self.domains.insert(id, (registered.pool_id, registered.domains));
                self.user_pools_revision += 1;
            }
            user_pool::Event::Updated(updated) => {
                if let (Some(domains), Some((_, known))) = (updated.domains, self.domains.get_mut(&id)) {
                    *known = domains;
                    self.user_pools_revision += 1;
                }
            }
            user_pool::Event::SecretAdded(_) | user_pool::Event::SecretRetired(_) => {}
        }
    }

    /// The place of an organization; makes one where there is none, so that nothing depends on the order in which streams
    /// are written.
    fn place_of(&mut self, id: OrganizationId) -> u32 {
        let organizations = &mut self.organizations;
        *self.by_id.entry(id).or_insert_with(|| {
            // Four billion organizations do not fit into any memory.
            let place = u32::try_from(organizations.len()).unwrap_or(u32::MAX);
            organizations.push(Organization { id, user_pool: None, suspended: false });
            place
        })
    }
}

impl LiveView for People {
    const NAME: &'static str = "enrichment.people";

    fn categories() -> Vec<&'static str> {
        vec![organization::CATEGORY, person::CATEGORY, user_pool::CATEGORY]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        match event.stream.category() {
            organization::CATEGORY => {
                let id = event.stream.key().parse().map_err(|_| misplaced())?;
                self.apply_organization(id, event.decode()?);
            }
            person::CATEGORY => match event.decode::<person::Event>()? {
                person::Event::FirstSeen(first) => {
                    let place = self.place_of(first.organization);
                    self.belonging.insert(first.person, place);
                }
                person::Event::Updated(_)
                | person::Event::RolesChanged(_)
                | person::Event::Deactivated(_)
                | person::Event::Reactivated(_)
                | person::Event::Relinked(_)
                | person::Event::Superseded(_)
                | person::Event::SignedOut(_)
                | person::Event::SignedIn(_)
                | person::Event::NativeUserLinked(_)
                | person::Event::NativeUserUnlinked(_) => {}
            },
            user_pool::CATEGORY => {
                let id = event.stream.key().parse().map_err(|_| misplaced())?;
                self.apply_user_pool(id, event.decode()?);
            }
            _ => {}
        }
        Ok(())
    }
}

fn misplaced() -> DecodeError {
    let source = serde_json::Error::custom("the name of the stream does not say whose event it is");
    DecodeError::Malformed { name: "(any)", source }
}
