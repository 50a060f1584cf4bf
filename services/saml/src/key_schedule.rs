//! Our keys are followed by the next ones in time, and whoever has to act is told.

use std::{sync::Arc, time::Duration};

use vestibule_decider::Decider;
use vestibule_eventlog::{CommandError, EventLog, Metadata, StreamId};
use vestibule_host::{Job, Resources, Turn};
use vestibule_kernel::{Chain, Clock, ConnectionId, OrganizationId};
use vestibule_tenancy::connection::{CATEGORY, Command, Connection, Rejection};

use crate::{Config, credential::Credentials, directory::Directory, error::Error};

/// How often the keys are looked at.
pub(crate) const ROUND_EVERY: Duration = Duration::from_hours(1);

/// Makes the next keys of connections when it is time, and notes what becomes of keys: added, due, used, retired.
pub struct KeyJob {
    log: EventLog,
    clock: Arc<dyn Clock>,
    directory: Arc<Directory>,
    credentials: Arc<Credentials>,
    /// How old a key becomes before the next one is made; `None`: only an operator makes one.
    age_max: Option<Duration>,
}

impl KeyJob {
    /// The job, with a view of its own.
    #[must_use]
    pub fn new(resources: &Resources, config: &Config) -> Self {
        let directory = Arc::new(Directory::start(resources));
        let clock = Arc::clone(&resources.clock);
        let credentials = Arc::new(Credentials::new(resources.keys.clone(), clock, config.key_overlap()));
        Self::over(resources, config, directory, credentials)
    }

    pub(crate) fn over(
        resources: &Resources,
        config: &Config,
        directory: Arc<Directory>,
        credentials: Arc<Credentials>,
    ) -> Self {
        let (log, clock) = (resources.log.clone(), Arc::clone(&resources.clock));
        Self { log, clock, directory, credentials, age_max: config.key_age_max() }
    }

    async fn look_after(&self, id: ConnectionId) -> Result<u64, Error> {
        let rotated = match self.age_max {
            Some(age_max) => self.credentials.rotate_older(id, age_max).await?,
            None => 0,
        };
        let Some((organization, state)) = self.directory.state(id) else { return Ok(rotated) };
        let metadata = Metadata { actor: "worker".to_owned(), ..Metadata::default() };
        let Some(command) = told(&self.credentials, &*self.clock, id).await? else { return Ok(rotated) };
        if state.decide(&command).is_ok_and(|events| events.is_empty()) {
            return Ok(rotated);
        }
        note(&self.log, (organization, id), metadata, &command).await?;
        Ok(rotated + 1)
    }
}

impl Job for KeyJob {
    type Error = Failed;

    const LEASE: &'static str = "saml.keys.lease.v1";

    const NAME: &'static str = "service_provider_keys";

    async fn round(&self, turn: &Turn) -> Result<u64, Failed> {
        self.directory.look().await?;
        let (mut changed, mut failed) = (0, None);
        for id in self.directory.ids() {
            if !turn.holds() {
                break;
            }
            // One connection's trouble is not another's.
            match self.look_after(id).await {
                Ok(count) => changed += count,
                Err(error) => {
                    tracing::warn!(connection = %id, error = %Chain(&error), "a connection's keys are looked after in the next round");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(changed), |error| Err(error.into()))
    }
}

/// Our keys were not looked after everywhere.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failed(#[from] Error);

/// What is to be told of the keys of a connection; `None` while it has none.
pub(crate) async fn told(
    credentials: &Credentials,
    clock: &dyn Clock,
    connection: ConnectionId,
) -> Result<Option<Command>, Error> {
    let keys = credentials.known(connection).await?;
    if keys.is_empty() {
        return Ok(None);
    }
    let kept = credentials.kept(connection).await?;
    Ok(Some(Command::NoteKeys { keys, kept, now: clock.now() }))
}

pub(crate) async fn note(
    log: &EventLog,
    (organization, connection): (OrganizationId, ConnectionId),
    metadata: Metadata,
    command: &Command,
) -> Result<(), Error> {
    let stream = StreamId::of_id(CATEGORY, Some(organization), connection.uuid());
    match log.execute::<Connection>(&stream, None, metadata, command).await {
        Ok(_) | Err(CommandError::Rejected(Rejection::NotFound)) => Ok(()),
        Err(CommandError::Rejected(rejection)) => Err(rejection.into()),
        Err(CommandError::Stale { .. } | CommandError::Contended) => Err(Error::Contended),
        Err(CommandError::Append(error)) => Err(error.into()),
        Err(CommandError::Load(error)) => Err(error.into()),
    }
}
