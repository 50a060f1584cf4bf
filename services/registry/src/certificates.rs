use std::{collections::HashMap, time::Duration};

use vestibule_decider::{Decider, DecodeError};
use vestibule_eventlog::{EventLog, Live, LiveView, Recorded};
use vestibule_host::Resources;
use vestibule_kernel::{Chain, ConnectionId, OrganizationId, Timestamp};
use vestibule_tenancy::connection::{self, Command, Connection, Trust};

use crate::error::Error;

/// The certificates of all connections, in memory: for what goes over all of them at once.
#[derive(Clone)]
pub(crate) struct Certificates {
    log: EventLog,
    view: Live<View>,
    wait_max: Duration,
}

/// A connection, as far as its certificates go.
pub(crate) struct Known {
    pub(crate) organization: OrganizationId,
    pub(crate) state: Connection,
    pub(crate) version: u64,
}

impl Certificates {
    pub(crate) fn start(resources: &Resources, wait_max: Duration) -> Self {
        let view = Live::start(resources.log.clone(), View::default(), resources.stop.clone());
        Self { log: resources.log.clone(), view, wait_max }
    }

    /// Why the certificates cannot be listed, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.view.status().stopped.map_or(Ok(()), |reason| Err(Chain(&*reason).to_string()))
    }

    /// Waits until everything is known that was in the log when this was called.
    pub(crate) async fn reach_head(&self) -> Result<(), Error> {
        let head = self.log.head().await?;
        if self.view.reached(head, self.wait_max).await { Ok(()) } else { Err(Error::DirectoryBehind) }
    }

    /// The connections to whose certificates time has done something that is not noted yet.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<(OrganizationId, ConnectionId)> {
        let command = Command::NoteTime { now };
        let is_due = |known: &Known| known.state.decide(&command).is_ok_and(|events| !events.is_empty());
        self.view.read(|view| {
            let due = view.connections.iter().filter(|(_, known)| is_due(known));
            due.map(|(id, known)| (known.organization, *id)).collect()
        })
    }

    /// What `look` finds on each connection of one organization, or of all.
    pub(crate) fn each<T>(
        &self,
        organization: Option<OrganizationId>,
        look: impl Fn(&Known, &Trust) -> Vec<T>,
    ) -> Vec<T> {
        let wanted = |known: &&Known| organization.is_none_or(|organization| organization == known.organization);
        self.view.read(|view| {
            let connections = view.connections.values().filter(wanted);
            connections.filter_map(|known| Some(look(known, known.state.trust()?))).flatten().collect()
        })
    }
}

/// Every connection, without the certificates themselves: what is to be known of them stands beside.
#[derive(Default)]
struct View {
    connections: HashMap<ConnectionId, Known>,
}

impl LiveView for View {
    const NAME: &'static str = "registry.certificates";

    fn categories() -> Vec<&'static str> {
        vec![connection::CATEGORY]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let decoded = event.decode::<connection::Event>()?;
        let (Some(organization), Ok(id)) = (event.stream.organization(), event.stream.key().parse()) else {
            return Ok(());
        };
        let before = self.connections.remove(&id).map(|known| known.state).unwrap_or_default();
        let state = slim(before.evolve(&decoded));
        self.connections.insert(id, Known { organization, state, version: event.version.0 });
        Ok(())
    }
}

fn slim(state: Connection) -> Connection {
    let slim = |mut trust: Trust| {
        let Trust { certificates, observed, refused, proposed, .. } = &mut trust;
        let proposed = proposed.iter_mut().flat_map(|proposed| &mut proposed.certificates);
        for certificate in certificates.iter_mut().chain(observed).chain(refused).chain(proposed) {
            certificate.der = String::new();
        }
        trust
    };
    match state {
        Connection::Absent => Connection::Absent,
        Connection::Disabled(trust) => Connection::Disabled(slim(trust)),
        Connection::Enabled(trust) => Connection::Enabled(slim(trust)),
    }
}
