use std::{collections::HashMap, sync::Arc, time::Duration};

use vestibule_decider::{Decider, DecodeError};
use vestibule_eventlog::{Live, LiveView, Looks, Recorded};
use vestibule_host::Resources;
use vestibule_kernel::{Chain, ConnectionId, OrganizationId, Timestamp};
use vestibule_tenancy::{
    EmailAddress,
    connection::{self, Connection, SamlSettings},
    domain,
    organization::{self, ForeignEmail},
};

use crate::{connection::ReadyConnection, error::Error};

/// How long a request for a connection that is not known waits for the view.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The view is brought up to date every second; beyond this age the log cannot be read.
const AGE_MAX: Duration = Duration::from_secs(30);

/// What is known in memory, and how to wait for more.
pub(crate) struct Directory {
    view: Live<View>,
    looks: Looks<View>,
}

impl Directory {
    pub(crate) fn start(resources: &Resources) -> Self {
        let view = View::new(resources.public_url.as_str());
        let view = Live::start(resources.log.clone(), view, resources.stop.clone());
        let looks = Looks::new(resources.log.clone(), view.clone());
        Self { view, looks }
    }

    pub(crate) const fn view(&self) -> &Live<View> {
        &self.view
    }

    /// Why answers may be wrong or late, if so.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), String> {
        let status = self.view.status();
        if let Some(reason) = &status.stopped {
            return Err(Chain(&**reason).to_string());
        }
        match status.age(now) {
            Some(age) if age <= AGE_MAX => Ok(()),
            Some(age) => Err(format!("has not been current for {} seconds", age.as_secs())),
            None => Err("still catches up with the log".to_owned()),
        }
    }

    /// The connection, also when it was created or enabled, or its organization reinstated, a moment ago: nobody is
    /// turned away on old knowledge.
    pub(crate) async fn connection(&self, id: ConnectionId) -> Result<Arc<ReadyConnection>, Error> {
        match self.known(id)? {
            Some(known) if known.is_enabled && self.require_open(known.organization).is_ok() => Ok(known),
            Some(_) | None => {
                self.look().await?;
                self.known(id)?.ok_or(Error::ConnectionNotFound)
            }
        }
    }

    fn known(&self, id: ConnectionId) -> Result<Option<Arc<ReadyConnection>>, Error> {
        // A view that has stopped knows neither suspensions nor new certificates: fail closed.
        if let Some(reason) = self.view.status().stopped {
            tracing::error!(error = %Chain(&*reason), "refused, because the directory has stopped");
            return Err(Error::DirectoryStopped);
        }
        Ok(self.view.read(|view| view.connection(id)))
    }

    /// Takes in everything that was in the log when this was called, for at most [`WAIT_MAX`].
    pub(crate) async fn look(&self) -> Result<(), Error> {
        Ok(self.looks.look(WAIT_MAX).await?)
    }

    /// All connections.
    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        self.view.read(|view| view.connections.keys().copied().collect())
    }

    /// A connection as it is known, and whose it is.
    pub(crate) fn state(&self, id: ConnectionId) -> Option<(OrganizationId, Connection)> {
        self.view.read(|view| view.connections.get(&id).map(|(state, ready)| (ready.organization, state.clone())))
    }

    /// The connection as it would be with other settings.
    pub(crate) fn with_settings(&self, id: ConnectionId, settings: SamlSettings) -> Option<ReadyConnection> {
        self.view.read(|view| view.with_settings(id, settings))
    }

    /// Whether a connection of anybody trusts this identity provider.
    pub(crate) fn knows_identity_provider(&self, entity_id: &str) -> bool {
        self.view.read(|view| view.knows_identity_provider(entity_id))
    }

    pub(crate) fn is_suspended(&self, organization: OrganizationId) -> bool {
        self.view.read(|view| view.is_suspended(organization))
    }

    /// That people of the organization get in at all. Of one that owned domains and owns none any more nobody would get
    /// tokens; where they have moved to another organization, people sign in there.
    pub(crate) fn require_open(&self, organization: OrganizationId) -> Result<(), Error> {
        self.view.read(|view| {
            if view.is_suspended(organization) {
                return Err(Error::OrganizationSuspended);
            }
            if view.has_lost_its_domains(organization) { Err(Error::OrganizationWithoutDomain) } else { Ok(()) }
        })
    }

    pub(crate) fn foreign_email(&self, organization: OrganizationId) -> ForeignEmail {
        self.view.read(|view| view.foreign_email(organization))
    }

    pub(crate) fn owns(&self, organization: OrganizationId, address: &EmailAddress) -> bool {
        self.view.read(|view| view.owns(organization, address))
    }
}

/// Connections, organizations and verified domains.
#[derive(Debug, Default)]
pub(crate) struct View {
    public_url: String,
    connections: HashMap<ConnectionId, (Connection, Arc<ReadyConnection>)>,
    organizations: HashMap<OrganizationId, Tenant>,
}

#[derive(Debug, Default)]
struct Tenant {
    exists: bool,
    is_suspended: bool,
    foreign_email: ForeignEmail,
    /// Verified names, and whether their subdomains are verified with them.
    domains: HashMap<String, bool>,
    /// Whether there ever was one.
    had_domain: bool,
}

impl View {
    pub(crate) fn new(public_url: &str) -> Self {
        Self { public_url: public_url.to_owned(), ..Self::default() }
    }

    fn connection(&self, id: ConnectionId) -> Option<Arc<ReadyConnection>> {
        self.connections.get(&id).map(|(_, ready)| Arc::clone(ready))
    }

    fn with_settings(&self, id: ConnectionId, settings: SamlSettings) -> Option<ReadyConnection> {
        let (state, _) = self.connections.get(&id)?;
        let configured = connection::Configured { settings: Some(settings), ..connection::Configured::default() };
        ReadyConnection::of(&state.clone().evolve(&configured.into()), &self.public_url)
    }

    fn knows_identity_provider(&self, entity_id: &str) -> bool {
        self.connections.values().any(|(_, ready)| ready.identity_provider == entity_id)
    }

    /// An organization that is not known is treated like one that is suspended.
    fn is_suspended(&self, organization: OrganizationId) -> bool {
        self.organizations.get(&organization).is_none_or(|tenant| !tenant.exists || tenant.is_suspended)
    }

    fn has_lost_its_domains(&self, organization: OrganizationId) -> bool {
        let has_lost = |tenant: &Tenant| tenant.had_domain && tenant.domains.is_empty();
        self.organizations.get(&organization).is_some_and(has_lost)
    }

    fn foreign_email(&self, organization: OrganizationId) -> ForeignEmail {
        self.organizations.get(&organization).map_or_else(ForeignEmail::default, |tenant| tenant.foreign_email)
    }

    fn owns(&self, organization: OrganizationId, address: &EmailAddress) -> bool {
        let Some(tenant) = self.organizations.get(&organization) else { return false };
        address.is_owned(|name| tenant.domains.get(name).copied())
    }

    fn apply_connection(&mut self, id: ConnectionId, event: &connection::Event) {
        let before = self.connections.remove(&id).map(|(state, _)| state).unwrap_or_default();
        let state = before.evolve(event);
        if let Some(ready) = ReadyConnection::of(&state, &self.public_url) {
            self.connections.insert(id, (state, Arc::new(ready)));
        }
    }

    fn apply_organization(&mut self, id: OrganizationId, event: &organization::Event) {
        let tenant = self.organizations.entry(id).or_default();
        match event {
            organization::Event::Created(_) => tenant.exists = true,
            organization::Event::Suspended(_) => tenant.is_suspended = true,
            organization::Event::Reinstated(_) => tenant.is_suspended = false,
            organization::Event::Updated(updated) => {
                tenant.foreign_email = updated.foreign_email.unwrap_or(tenant.foreign_email);
            }
        }
    }

    fn apply_domain(&mut self, owner: OrganizationId, event: domain::Event) {
        let Tenant { domains, had_domain, .. } = self.organizations.entry(owner).or_default();
        match event {
            domain::Event::Verified(verified) => {
                domains.insert(verified.name, verified.include_subdomains);
                *had_domain = true;
            }
            domain::Event::Released(released) => {
                domains.remove(&released.name);
            }
            domain::Event::Claimed(_) => {}
        }
    }
}

impl LiveView for View {
    const NAME: &'static str = "saml.directory";

    fn categories() -> Vec<&'static str> {
        vec![connection::CATEGORY, organization::CATEGORY, domain::CATEGORY]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let Some(organization) = event.stream.organization() else { return Ok(()) };
        match event.stream.category() {
            connection::CATEGORY => {
                let decoded = event.decode::<connection::Event>()?;
                if let Ok(id) = event.stream.key().parse() {
                    self.apply_connection(id, &decoded);
                }
            }
            organization::CATEGORY => self.apply_organization(organization, &event.decode()?),
            domain::CATEGORY => self.apply_domain(organization, event.decode()?),
            _ => {}
        }
        Ok(())
    }
}
