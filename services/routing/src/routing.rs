use std::{sync::Arc, time::Duration};

use vestibule_eventlog::{Live, Looks};
use vestibule_kernel::{Chain, Clock, ConnectionId, OrganizationId, Timestamp};
use vestibule_rpc::resource;
use vestibule_rpc::routing::v1::{Application, ConnectionChoice, ResolveSignInRequest, ResolveSignInResponse};

use crate::{
    authorize,
    directory::{Directory, State},
    error::RoutingError,
    person::Person,
    resolution::{self, Asking, Resolution},
    ticket::{Ticket, TicketKeys},
};

/// How long a ticket is valid unless its maker says otherwise.
pub(crate) const TICKET_LIFETIME: Duration = Duration::from_mins(10);

/// The longest a ticket is valid.
pub(crate) const TICKET_LIFETIME_MAX: Duration = Duration::from_hours(24);

/// How long it may take to bring memory to the end of the log, when it has turned out to be old.
pub(crate) const LOOK_MAX: Duration = Duration::from_secs(1);

/// Answers from memory: nothing here waits for anything, but [`Self::look`].
#[derive(Clone)]
pub(crate) struct Routing {
    pub(crate) directory: Live<Directory>,
    pub(crate) looks: Arc<Looks<Directory>>,
    pub(crate) keys: TicketKeys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) view_age_max: Duration,
}

/// A ticket that was made.
pub(crate) struct Made {
    pub(crate) ticket: String,
    pub(crate) expires_at: Timestamp,
    /// Where a sign-in with it begins; empty when the application has no address for that.
    pub(crate) initiate_login_url: String,
}

impl Routing {
    /// Takes in what the log holds beyond memory. Whether or not that can be read, memory answers.
    pub(crate) async fn look(&self) {
        if let Err(error) = self.looks.look(LOOK_MAX).await {
            tracing::warn!(error = %Chain(&error), "memory is said to be old, and the log cannot be read");
        }
    }

    pub(crate) fn resolve(
        &self,
        request: ResolveSignInRequest,
    ) -> Result<(ResolveSignInResponse, Resolution), RoutingError> {
        self.ready()?;
        let now = self.clock.now();
        let user_pool = match request.user_pool.as_str() {
            "" => None,
            name => Some(resource::user_pool("user_pool", name)?),
        };
        let app_client_id = request.application.as_ref().map(|application| application.client_id.as_str());
        let asking = Asking { user_pool, app_client_id };
        let person = self.keys.with_all(|keys| Person::read(request.person, keys, now))?;
        let resolution = self.directory.read(|directory| resolution::resolve(directory, &person, asking))?;
        let response = self.answer(&resolution, &person, request.application.as_ref(), now)?;
        Ok((response, resolution))
    }

    pub(crate) fn ticket(
        &self,
        organization: OrganizationId,
        connection: Option<ConnectionId>,
        lifetime: Duration,
    ) -> Result<Made, RoutingError> {
        self.ready()?;
        let user_pool = self.directory.read(|directory| {
            let found = directory.organization(organization).filter(|found| found.state != State::Absent);
            let found = found.ok_or(RoutingError::OrganizationUnknown)?;
            match connection {
                Some(id) if found.connection(id).is_none() => Err(RoutingError::ConnectionUnknown),
                _ => Ok(directory.user_pools().of(found).cloned()),
            }
        })?;
        // Cut to whole seconds here, because that is what the ticket says.
        let expires_at = Timestamp::from_unix_seconds(self.clock.now().plus(lifetime).unix_seconds());
        let ticket = self.sign(organization, connection, expires_at)?;
        let initiate_login_url = user_pool.and_then(|pool| {
            let address = pool.initiate_login_uri.as_deref()?;
            vestibule_cognito::initiate_login_url(address, &pool.issuer, &ticket)
        });
        Ok(Made { ticket, expires_at, initiate_login_url: initiate_login_url.unwrap_or_default() })
    }

    /// Whether the view is complete and young enough to answer from.
    pub(crate) fn ready(&self) -> Result<(), RoutingError> {
        let status = self.directory.status();
        if status.stopped.is_some() {
            return Err(RoutingError::ViewStale { state: "it has stopped" });
        }
        match status.age(self.clock.now()) {
            None => Err(RoutingError::ViewStale { state: "it is still catching up" }),
            Some(age) if age > self.view_age_max => Err(RoutingError::ViewStale { state: "it is too old" }),
            Some(_) => Ok(()),
        }
    }

    fn answer(
        &self,
        resolution: &Resolution,
        person: &Person,
        application: Option<&Application>,
        now: Timestamp,
    ) -> Result<ResolveSignInResponse, RoutingError> {
        let known = resolution.organization.as_ref();
        let expires_at = now.plus(TICKET_LIFETIME);
        let ticket = |connection| match known {
            Some(organization) => self.sign(organization.id, connection, expires_at),
            None => Ok(String::new()),
        };
        let mut connections = Vec::with_capacity(resolution.connections.len());
        for choice in &resolution.connections {
            connections.push(ConnectionChoice {
                connection: known.map_or_else(String::new, |known| resource::connection_name(known.id, choice.id)),
                display_name: choice.display_name.clone(),
                ticket: ticket(Some(choice.id))?,
            });
        }
        Ok(ResolveSignInResponse {
            decision: resolution.decision.into(),
            reason: resolution.reason.as_str().to_owned(),
            organization: known.map_or_else(String::new, |known| resource::organization_name(known.id)),
            organization_display_name: known.map_or_else(String::new, |known| known.display_name.clone()),
            authorize_url: authorize::url(application, resolution, person, || ticket(None))?,
            connections,
            user_pool: resolution.user_pool.as_ref().map_or_else(String::new, |pool| resource::user_pool_name(pool.id)),
        })
    }

    fn sign(
        &self,
        organization: OrganizationId,
        connection: Option<ConnectionId>,
        expires_at: Timestamp,
    ) -> Result<String, RoutingError> {
        let key = self.keys.signing().ok_or(RoutingError::NoTicketKey)?;
        Ok(Ticket { organization, connection, expires_at }.sign(&key))
    }
}
