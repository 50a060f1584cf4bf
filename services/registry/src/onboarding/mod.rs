//! Onboardings: a process that follows the log. It reacts to what happens to connections and domains by looking at what is
//! so now, so it may come late, twice or beside another process, and records the same.

mod facts;
mod process;
mod view;

use std::{sync::Arc, time::Duration};

use vestibule_decider::Decider as _;
use vestibule_eventlog::{AppendError, EventLog, Metadata, StreamId, Transaction, Version};
use vestibule_host::Resources;
use vestibule_kernel::{Clock, ConnectionId, OrganizationId};
use vestibule_tenancy::{
    connection::{self, Connection},
    onboarding::{CATEGORY, Command, Onboarding},
};

pub(crate) use facts::mapping;
pub(crate) use process::Process;

use self::view::Entries;
use crate::{directory::Directory, error::Error, followed::Followed};

/// How often an onboarding is decided anew when somebody else wrote to it.
pub(crate) const ATTEMPTS_MAX: u32 = 5;

/// A connection, as resource names say it.
pub(crate) type ConnectionName = (OrganizationId, ConnectionId);

/// What has been looked at, and must be so still when what follows from it is recorded.
pub(crate) type Held = (StreamId, Version);

/// What is needed to know and to record how far connections are.
#[derive(Clone)]
pub(crate) struct Onboardings {
    log: EventLog,
    directory: Directory,
    clock: Arc<dyn Clock>,
    entries: Followed<Entries>,
}

/// The stream of a connection's onboarding.
pub(crate) fn stream((organization, connection): ConnectionName) -> StreamId {
    StreamId::of_id(CATEGORY, Some(organization), connection.uuid())
}

impl Onboardings {
    pub(crate) fn start(resources: &Resources, directory: Directory, wait_max: Duration) -> Self {
        let entries = Followed::start(resources, Entries, wait_max);
        Self { log: resources.log.clone(), directory, clock: Arc::clone(&resources.clock), entries }
    }

    /// Why onboardings cannot be listed, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.entries.check()
    }

    /// How far the connection is as of now, whether or not that is recorded yet.
    pub(crate) async fn current(&self, id: ConnectionName) -> Result<Onboarding, Error> {
        let known = self.log.load::<Onboarding>(&stream(id)).await?;
        let connection = self.connection(id).await?;
        let events = known.state.decide(&self.observe(id, &connection).await?).map_err(Error::rejected)?;
        Ok(events.iter().fold(known.state, Onboarding::evolve))
    }

    /// Records how far the connection is.
    pub(crate) async fn note(&self, id: ConnectionName, metadata: &Metadata) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            // Before everything else: whoever records something meanwhile has seen less than we will, and their record
            // makes us look again.
            let known = self.log.load::<Onboarding>(&stream(id)).await?;
            let followed = self.log.load::<Connection>(&connection_stream(id)).await?;
            let connection = followed.state;
            if connection == Connection::Absent {
                return Ok(());
            }
            let events = known.state.decide(&self.observe(id, &connection).await?).map_err(Error::rejected)?;
            if events.is_empty() {
                return Ok(());
            }
            // Of the connection as it is when it is recorded: another process may have seen what came after it already, and
            // found nothing to record.
            let transaction = Transaction::new(metadata.clone())
                .append(stream(id), known.version, &events)
                .map_err(|error| AppendError::Unprepared(Box::new(error)))?
                .unchanged(connection_stream(id), followed.version);
            match self.log.append(transaction).await {
                Ok(_) => return Ok(()),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    async fn observe(&self, id: ConnectionName, connection: &Connection) -> Result<Command, Error> {
        let facts = self.facts(id.0, connection).await?;
        Ok(Command::Observe { organization: id.0, connection: id.1, facts, now: self.clock.now() })
    }

    async fn connection(&self, id: ConnectionName) -> Result<Connection, Error> {
        let found = self.log.load::<Connection>(&connection_stream(id)).await?;
        if found.cursor.is_some() { Ok(found.state) } else { Err(Error::rejected(connection::Rejection::NotFound)) }
    }
}

fn connection_stream((organization, connection): ConnectionName) -> StreamId {
    StreamId::of_id(connection::CATEGORY, Some(organization), connection.uuid())
}
