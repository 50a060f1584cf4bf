use std::{sync::Arc, time::Duration};

use vestibule_eventlog::{CommandError, EventLog, StreamId};
use vestibule_host::{Job, Resources, Turn};
use vestibule_kernel::{Chain, Clock, ConnectionId, OrganizationId};
use vestibule_tenancy::connection::{CATEGORY, Command, Connection, Rejection};

use super::metadata;
use crate::{certificates::Certificates, error::Error};

/// How often the certificates are looked at.
pub(crate) const ROUND_EVERY: Duration = Duration::from_mins(5);

/// How long a round waits for what was written before it began.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Notes what time does to certificates: that they come near their end, have ended, and leave after their overlap.
pub struct CertificateJob {
    log: EventLog,
    clock: Arc<dyn Clock>,
    certificates: Certificates,
}

impl CertificateJob {
    /// The job, with a view of its own.
    #[must_use]
    pub fn new(resources: &Resources) -> Self {
        Self::over(resources, Certificates::start(resources, WAIT_MAX))
    }

    pub(crate) fn over(resources: &Resources, certificates: Certificates) -> Self {
        Self { log: resources.log.clone(), clock: Arc::clone(&resources.clock), certificates }
    }

    async fn note(&self, (organization, connection): (OrganizationId, ConnectionId)) -> Result<(), Error> {
        let stream = StreamId::of_id(CATEGORY, Some(organization), connection.uuid());
        let command = Command::NoteTime { now: self.clock.now() };
        match self.log.execute::<Connection>(&stream, None, metadata(), &command).await {
            Ok(_) | Err(CommandError::Rejected(Rejection::NotFound)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Job for CertificateJob {
    type Error = Failed;

    const LEASE: &'static str = "registry.certificates.lease.v1";

    const NAME: &'static str = "certificates";

    async fn round(&self, turn: &Turn) -> Result<u64, Failed> {
        self.certificates.reach_head().await?;
        let now = self.clock.now();
        let due = self.certificates.due(now);
        let (mut noted, mut failed) = (0, None);
        for id in due {
            if !turn.holds() {
                break;
            }
            // One connection's trouble is not another's.
            match self.note(id).await {
                Ok(()) => noted += 1,
                Err(error) => {
                    tracing::warn!(connection = %id.1, error = %Chain(&error), "what time did to a connection's certificates is not noted yet");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(noted), |error| Err(error.into()))
    }
}

/// What time did to certificates was not noted everywhere.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failed(#[from] Error);
