//! The first sign-in by a certificate is noted, once, beside the sign-in and never in its way.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use vestibule_eventlog::{EventLog, Metadata, StreamId};
use vestibule_kernel::{Chain, ConnectionId};
use vestibule_saml::Fingerprint;
use vestibule_tenancy::connection::{CATEGORY, Command, Connection};

use crate::connection::ReadyConnection;

/// Notes which certificates are in use. What is lost when the process ends is noted at the next sign-in.
#[derive(Clone)]
pub(crate) struct Promotions {
    log: EventLog,
    under_way: Arc<Mutex<HashSet<(ConnectionId, Fingerprint)>>>,
}

impl Promotions {
    pub(crate) fn new(log: EventLog) -> Self {
        Self { log, under_way: Arc::default() }
    }

    /// Notes in the background that an accepted sign-in was signed by this certificate, unless that is known.
    pub(crate) fn note(&self, connection: &ReadyConnection, signed_by: Fingerprint, metadata: Metadata) {
        let fingerprint = signed_by.to_string();
        let place = (connection.id, signed_by);
        if connection.promoted.contains(&fingerprint) || !self.under_way().insert(place) {
            return;
        }
        let stream = StreamId::of_id(CATEGORY, Some(connection.organization), connection.id.uuid());
        let (promotions, command) = (self.clone(), Command::Promote { fingerprint });
        tokio::spawn(async move {
            let noted = promotions.log.execute::<Connection>(&stream, None, metadata, &command).await;
            if let Err(error) = noted {
                tracing::warn!(connection = %place.0, error = %Chain(&error), "the first use of a certificate is noted at the next sign-in");
            }
            promotions.under_way().remove(&place);
        });
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<(ConnectionId, Fingerprint)>> {
        // A panic cannot leave the set half-changed.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
