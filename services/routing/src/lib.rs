//! Routing of a person to the right identity provider.
//!
//! Everything is answered from a view of the event log in memory ([`Directory`]): no request waits for a database, and
//! the view holds nothing about people, so no answer can depend on whether one exists. Until the view is complete, and
//! when it has stopped or grown too old, the service answers UNAVAILABLE rather than `standard`: that answer would lead
//! past the identity provider that an organization insists on.
//!
//! Reading happens under a read lock that a page of events takes for writing for well under a millisecond. A snapshot
//! that readers share would need a second copy of a million domains for every page, or persistent maps at several times
//! the memory.

mod api;
mod authorize;
mod config;
mod directory;
mod error;
mod person;
mod resolution;
mod routing;
mod ticket;

use std::{sync::Arc, time::Duration};

use tonic::service::Routes;
use vestibule_eventlog::{Live, Looks};
use vestibule_host::{Resources, Service};
use vestibule_rpc::routing::v1::routing_service_server::RoutingServiceServer;
use vestibule_storage::KeyError;

pub use config::Config;
pub use directory::Directory;

use api::RoutingApi;
use routing::Routing;
use ticket::TicketKeys;

/// The largest request: an application's parameters and a login hint fit many times over.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// How long starting waits for the view, so that a small deployment is ready when it has started. A large one goes on
/// catching up and is not ready meanwhile.
const CATCH_UP_WAIT: Duration = Duration::from_secs(5);

/// Routing cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The keys of tickets cannot be had.
    #[error("the ticket keys cannot be read")]
    Keys(#[from] KeyError),
}

/// Starts the service.
///
/// # Errors
/// [`StartError`].
pub async fn start(resources: &Resources, config: &Config) -> Result<Service, StartError> {
    let (log, stop) = (resources.log.clone(), resources.stop.clone());
    serve(resources, config, Live::resume(log, resources.snapshots(), stop)).await
}

/// Starts the service on a directory that knows more than the log tells: for benchmarks, which would spend their time
/// writing a million domains into a log.
///
/// # Errors
/// [`StartError`].
pub async fn start_with(resources: &Resources, config: &Config, initial: Directory) -> Result<Service, StartError> {
    serve(resources, config, Live::start(resources.log.clone(), initial, resources.stop.clone())).await
}

async fn serve(resources: &Resources, config: &Config, directory: Live<Directory>) -> Result<Service, StartError> {
    let keys = TicketKeys::start(resources.keys.clone(), Arc::clone(&resources.clock), resources.stop.clone()).await?;
    // Neither "not yet" nor "stopped" ends the start: readiness says so, and why.
    let _ = tokio::time::timeout(CATCH_UP_WAIT, directory.caught_up()).await;

    let looks = Arc::new(Looks::new(resources.log.clone(), directory.clone()));
    let (clock, view_age_max) = (Arc::clone(&resources.clock), config.view_age_max());
    let routing = Routing { directory, looks, keys, clock, view_age_max };
    let watched = routing.clone();
    let ready = move || watched.ready().map_err(|error| error.to_string());
    let server = RoutingServiceServer::new(RoutingApi(routing)).max_decoding_message_size(REQUEST_BYTES_MAX);
    Ok(Service {
        name: "routing",
        grpc: Routes::new(server),
        http: None,
        readiness: vec![("routing.directory", Arc::new(ready))],
    })
}

/// Makes the first ticket key and the next ones, and destroys those that nobody needs any more. For a process that may
/// write: routing itself does with the right to read.
///
/// # Errors
/// [`KeyError`]; the keys that are there stay in use.
pub async fn keep_keys(resources: &Resources) -> Result<(), KeyError> {
    ticket::keep(&resources.keys, &*resources.clock).await
}
