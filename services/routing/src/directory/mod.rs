//! What routing knows: folded from the log, held in memory, made for a million domains.
//!
//! Records lie in arenas and refer to each other by their place (four bytes). Hash tables hold places only, five bytes a
//! bucket, so that a half-empty table costs little. Their keys are hashed with `SipHash` under a random key: names to look
//! up come from strangers.

mod connection;
mod domain;
mod organization;
mod place;
mod snapshot;
mod user_pool;

use serde::de::Error as _;
use uuid::Uuid;
use vestibule_decider::DecodeError;
use vestibule_eventlog::{LiveView, Recorded};
use vestibule_kernel::{OrganizationId, UserPoolId};
use vestibule_tenancy::{
    connection as connection_events, domain as domain_events, organization as organization_events,
    user_pool as user_pool_events,
};

pub(crate) use connection::Connection;
pub(crate) use organization::{Organization, State};
pub(crate) use user_pool::UserPool;

use domain::Domains;
use organization::Organizations;
use user_pool::UserPools;

/// Organizations, their verified domains and connections, and user pools.
#[derive(Default)]
pub struct Directory {
    organizations: Organizations,
    domains: Domains,
    user_pools: UserPools,
}

impl Directory {
    /// Who owns a domain name: who has verified it, or a name above it together with its subdomains.
    pub(crate) fn owner(&self, name: &vestibule_tenancy::DomainName) -> Option<&Organization> {
        self.organizations.at(self.domains.owner(name)?)
    }

    pub(crate) fn with_slug(&self, slug: &str) -> Option<&Organization> {
        self.organizations.with_slug(slug)
    }

    pub(crate) fn organization(&self, id: OrganizationId) -> Option<&Organization> {
        self.organizations.with_id(id)
    }

    /// Whether the people of an organization get tokens for an app client: one that is an organization's own is for its
    /// people alone, and they have no other.
    pub(crate) fn admits(&self, organization: &Organization, user_pool: UserPoolId, app_client_id: &str) -> bool {
        match organization.app_client_id.as_deref() {
            Some(own) => own == app_client_id,
            None => self.organizations.owner_of_app_client(user_pool, app_client_id).is_none(),
        }
    }

    pub(crate) const fn user_pools(&self) -> &UserPools {
        &self.user_pools
    }

    fn apply_organization(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let id = OrganizationId::from_uuid(key(event)?);
        let place = self.organizations.place_of(id);
        match event.decode::<organization_events::Event>()? {
            organization_events::Event::Created(created) => {
                let pool = self.user_pools.place_of(created.placement.user_pool());
                self.organizations.created(place, &created, pool);
            }
            organization_events::Event::Updated(updated) => {
                if let Some(placement) = &updated.placement {
                    let pool = self.user_pools.place_of(placement.user_pool());
                    self.organizations.moved(place, placement, pool);
                }
                let slug = updated.slug.map(|slug| slug.to);
                self.organizations.updated(place, slug.as_deref(), updated.display_name);
            }
            organization_events::Event::Suspended(_) => self.organizations.put(place, State::Suspended),
            organization_events::Event::Reinstated(_) => self.organizations.put(place, State::Active),
        }
        Ok(())
    }

    fn apply_domain(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let organization = self.organizations.place_of(owner(event)?);
        match event.decode::<domain_events::Event>()? {
            domain_events::Event::Claimed(_) => {}
            domain_events::Event::Verified(verified) => {
                self.domains.verified(&verified.name, organization, verified.include_subdomains);
            }
            domain_events::Event::Released(released) => self.domains.released(&released.name, organization),
        }
        Ok(())
    }

    fn apply_connection(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let organization = self.organizations.place_of(owner(event)?);
        let id = vestibule_kernel::ConnectionId::from_uuid(key(event)?);
        let Some(organization) = self.organizations.at_mut(organization) else { return Ok(()) };
        match event.decode::<connection_events::Event>()? {
            connection_events::Event::Created(created) => {
                organization.add(Connection::new(id, created.display_name.into_boxed_str()));
            }
            connection_events::Event::Configured(configured) => {
                if let (Some(connection), Some(name)) = (organization.connection_mut(id), configured.display_name) {
                    connection.display_name = name.into_boxed_str();
                }
            }
            connection_events::Event::Enabled(_) => organization.enable(id, true),
            // Of one that was replaced, sign-ins go on that have begun; none begins.
            connection_events::Event::Disabled(_) | connection_events::Event::Replaced(_) => {
                organization.enable(id, false);
            }
            // The rest is about whom the connection trusts.
            _ => {}
        }
        Ok(())
    }

    fn apply_user_pool(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let id = UserPoolId::from_uuid(key(event)?);
        match event.decode::<user_pool_events::Event>()? {
            user_pool_events::Event::Registered(registered) => self.user_pools.registered(id, registered),
            user_pool_events::Event::Updated(updated) => self.user_pools.updated(id, updated),
            user_pool_events::Event::SecretAdded(_) | user_pool_events::Event::SecretRetired(_) => {}
        }
        Ok(())
    }
}

impl LiveView for Directory {
    const NAME: &'static str = "routing.directory";

    fn categories() -> Vec<&'static str> {
        vec![
            organization_events::CATEGORY,
            domain_events::CATEGORY,
            connection_events::CATEGORY,
            user_pool_events::CATEGORY,
        ]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        match event.stream.category() {
            organization_events::CATEGORY => self.apply_organization(event),
            domain_events::CATEGORY => self.apply_domain(event),
            connection_events::CATEGORY => self.apply_connection(event),
            user_pool_events::CATEGORY => self.apply_user_pool(event),
            _ => Ok(()),
        }
    }
}

/// The id that the stream of an aggregate has as its key.
fn key(event: &Recorded) -> Result<Uuid, DecodeError> {
    event.stream.key().parse().map_err(|_| misplaced())
}

/// The organization that the stream belongs to.
fn owner(event: &Recorded) -> Result<OrganizationId, DecodeError> {
    event.stream.organization().ok_or_else(misplaced)
}

fn misplaced() -> DecodeError {
    let source = serde_json::Error::custom("the name of the stream does not say whose event it is");
    DecodeError::Malformed { name: "(any)", source }
}
