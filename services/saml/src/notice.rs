//! Telling the registry that a signature verified with no trusted certificate: the identity provider may have new ones.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, Semaphore},
    time::timeout,
};
use vestibule_kernel::{Clock, ConnectionId, Timestamp};
use vestibule_rpc::{
    Channel,
    registry::v1::{NoticeUnknownCertificateRequest, connection_service_client::ConnectionServiceClient},
    resource,
};
use vestibule_saml as saml;

use crate::{connection::ReadyConnection, refusal::Refusal};

/// How often the registry is told of one connection, whoever sends how many messages. It looks at the same by itself,
/// over all processes.
const EVERY: Duration = Duration::from_mins(5);
/// How many connections are told of at once; those beyond are not.
const AT_ONCE: usize = 8;
/// How long the registry may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);
/// From so many connections on, those that were told of long ago are forgotten.
const REMEMBERED_MAX: usize = 4_096;

/// Tells the registry, or nobody where none is configured. It never delays an answer, and never fails one.
#[derive(Clone)]
pub(crate) struct Notices(Option<Arc<Told>>);

struct Told {
    registry: Channel,
    clock: Arc<dyn Clock>,
    at: Mutex<HashMap<ConnectionId, Timestamp>>,
    places: Arc<Semaphore>,
}

impl Notices {
    pub(crate) fn new(registry: Option<Channel>, clock: Arc<dyn Clock>) -> Self {
        let told = |registry| {
            Arc::new(Told { registry, clock, at: Mutex::default(), places: Arc::new(Semaphore::new(AT_ONCE)) })
        };
        Self(registry.map(told))
    }

    /// A Response or a logout message was refused. Nothing out of it is told but that: which address is read is the connection's own.
    pub(crate) async fn refused(&self, connection: &ReadyConnection, refusal: Refusal) {
        let Some(told) = &self.0 else { return };
        // An identity provider that does not name its certificate in the message looks like one that was tampered with.
        let may_be_new = matches!(
            refusal,
            Refusal::Response(saml::Refusal::CertificateNotTrusted | saml::Refusal::SignatureInvalid)
        );
        if !may_be_new || !connection.reads_metadata || !told.is_due(connection.id).await {
            return;
        }
        let Ok(place) = Arc::clone(&told.places).try_acquire_owned() else {
            tracing::warn!(
                monotonic_counter.vestibule_saml_notices_dropped = 1_u64,
                "the registry is not told of an unknown certificate: it is being told of many"
            );
            return;
        };
        let name = resource::connection_name(connection.organization, connection.id);
        let (mut client, id) = (ConnectionServiceClient::new(told.registry.clone()), connection.id);
        tokio::spawn(async move {
            let telling = client.notice_unknown_certificate(NoticeUnknownCertificateRequest { name });
            let outcome = timeout(CALL_TIMEOUT, telling).await;
            drop(place);
            let is_told = matches!(outcome, Ok(Ok(_)));
            tracing::info!(connection = %id, is_told, monotonic_counter.vestibule_saml_notices = 1_u64, "a signature verified with no trusted certificate: the registry may read the metadata earlier");
        });
    }
}

impl Told {
    async fn is_due(&self, connection: ConnectionId) -> bool {
        let now = self.clock.now();
        let mut at = self.at.lock().await;
        if at.get(&connection).is_some_and(|told| now < told.plus(EVERY)) {
            return false;
        }
        if at.len() >= REMEMBERED_MAX {
            at.retain(|_, told| now < told.plus(EVERY));
        }
        at.insert(connection, now);
        true
    }
}
