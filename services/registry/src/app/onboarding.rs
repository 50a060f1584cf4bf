use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, StreamId, Transaction};
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_tenancy::{
    Note,
    connection::{self, Connection},
    onboarding::{Command, GoLive, Mark, Onboarding, Step},
};

use super::{Change, Registry};
use crate::{
    error::Error,
    listing::Listing,
    onboarding::{ATTEMPTS_MAX, ConnectionName, Held, mapping, stream},
    resource::Resource,
};

impl Registry {
    /// How far a connection is, as of now.
    pub(crate) async fn onboarding(&self, id: ConnectionName) -> Result<Onboarding, Error> {
        self.onboardings.current(id).await
    }

    /// The onboarding of an organization is that of the connection which is furthest; without any, nothing has begun but
    /// what is so already.
    pub(crate) async fn onboarding_of_organization(&self, organization: OrganizationId) -> Result<Onboarding, Error> {
        self.require_organization(organization).await?;
        let mut furthest: Option<Onboarding> = None;
        for (connection, _) in self.onboardings.connections(organization).await? {
            let found = self.onboardings.current(connection).await?;
            if furthest.as_ref().is_none_or(|known| done(&found) > done(known)) {
                furthest = Some(found);
            }
        }
        if let Some(furthest) = furthest {
            return Ok(furthest);
        }
        let facts = self.onboardings.facts(organization, &Connection::Absent).await?;
        let (connection, now) = (ConnectionId::from_uuid(uuid::Uuid::nil()), self.clock.now());
        let observe = Command::Observe { connection, organization, facts, now };
        let events = Onboarding::default().decide(&observe).map_err(Error::rejected)?;
        Ok(events.iter().fold(Onboarding::default(), Onboarding::evolve))
    }

    /// A page of onboardings as they were recorded.
    pub(crate) async fn onboardings(
        &self,
        organization: Option<OrganizationId>,
        incomplete_only: bool,
        listing: &Listing,
    ) -> Result<(Vec<Onboarding>, String), Error> {
        if let Some(organization) = organization {
            self.require_organization(organization).await?;
        }
        self.onboardings.list(organization, incomplete_only, listing).await
    }

    /// Records that somebody has looked at the mapping as it is.
    pub(crate) async fn review_mapping(&self, id: ConnectionName, change: Change) -> Result<Onboarding, Error> {
        let reviewed = connection_stream(id);
        for _ in 0..ATTEMPTS_MAX {
            self.onboardings.note(id, &change.metadata).await?;
            let onboarding = self.log.load::<Onboarding>(&stream(id)).await?;
            let known = self.existing(&reviewed).await?;
            require_etag(&change, known.version)?;
            let settings = known.state.trust().map(|trust| trust.settings.clone()).unwrap_or_default();
            let review = Command::ReviewMapping { mapping: mapping(&settings), now: self.clock.now() };
            let events = onboarding.state.decide(&review).map_err(Error::rejected)?;
            if events.is_empty() {
                return Ok(onboarding.state);
            }
            // Of the mapping that is there when it is recorded.
            let transaction = Transaction::new(change.metadata.clone())
                .append(stream(id), onboarding.version, &events)
                .map_err(|error| AppendError::Unprepared(Box::new(error)))?
                .unchanged(reviewed.clone(), known.version);
            match self.log.append(transaction).await {
                Ok(_) => return Ok(events.iter().fold(onboarding.state, Onboarding::evolve)),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// Lets people sign in through a connection, when nothing is missing or somebody says why they may all the same. Both
    /// are recorded at once.
    pub(crate) async fn enable_connection(
        &self,
        id: ConnectionName,
        change: Change,
        override_note: Option<Note>,
    ) -> Result<Resource<Connection>, Error> {
        let enabled = connection_stream(id);
        for _ in 0..ATTEMPTS_MAX {
            let onboarding = self.log.load::<Onboarding>(&stream(id)).await?;
            let known = self.existing(&enabled).await?;
            require_etag(&change, known.version)?;
            let enable = known.state.decide(&connection::Command::Enable).map_err(Error::rejected)?;
            if enable.is_empty() {
                return Ok(known.into());
            }
            // One that is being replaced is live already.
            let (steps, domain) = match &known.state {
                Connection::Enabled(_) => (Vec::new(), None),
                state => self.go_live(id, &onboarding.state, state, override_note.clone()).await?,
            };
            let transaction = Transaction::new(change.metadata.clone())
                .append(enabled.clone(), known.version, &enable)
                .and_then(|transaction| transaction.append(stream(id), onboarding.version, &steps))
                .map_err(|error| AppendError::Unprepared(Box::new(error)))?;
            // Nobody gives the domain up while people are let in because of it.
            let transaction = holding(transaction, domain);
            match self.log.append(transaction).await {
                Ok(_) => return self.connection(id).await,
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// What going live says in the onboarding, and because of which domain; refused while something is missing.
    pub(super) async fn go_live(
        &self,
        (organization, connection): ConnectionName,
        onboarding: &Onboarding,
        state: &Connection,
        override_note: Option<Note>,
    ) -> Result<(Vec<vestibule_tenancy::onboarding::Event>, Option<Held>), Error> {
        let domain = self.onboardings.owned_domain(organization).await?;
        let facts = self.onboardings.facts_with(domain.is_some(), state);
        let now = self.clock.now();
        let go_live = GoLive { connection, organization, facts, override_note, now };
        Ok((onboarding.decide(&Command::GoLive(go_live)).map_err(Error::rejected)?, domain))
    }

    pub(super) async fn existing(&self, stream: &StreamId) -> Result<vestibule_eventlog::Current<Connection>, Error> {
        let known = self.log.load::<Connection>(stream).await?;
        if known.cursor.is_some() { Ok(known) } else { Err(Error::rejected(connection::Rejection::NotFound)) }
    }
}

/// How many steps are behind it; what is complete is furthest.
fn done(onboarding: &Onboarding) -> (bool, usize) {
    let count = onboarding.progress().map_or(0, |progress| {
        Step::ALL.into_iter().filter(|step| !matches!(progress.mark(*step), Mark::Open { .. })).count()
    });
    (matches!(onboarding, Onboarding::Completed(_)), count)
}

/// Recorded only while what was looked at is as it was.
pub(super) fn holding(transaction: Transaction, held: Option<Held>) -> Transaction {
    match held {
        Some((stream, version)) => transaction.unchanged(stream, version),
        None => transaction,
    }
}

pub(super) fn connection_stream((organization, connection): ConnectionName) -> StreamId {
    StreamId::of_id(connection::CATEGORY, Some(organization), connection.uuid())
}

pub(super) fn require_etag(change: &Change, actual: vestibule_eventlog::Version) -> Result<(), Error> {
    match change.etag {
        Some(expected) if expected != actual => Err(Error::EtagMismatch { actual: actual.0 }),
        _ => Ok(()),
    }
}
