//! Organization claims for the tokens that Cognito signs.
//!
//! Cognito calls its trigger "pre token generation" before every ID and access token, at sign-in and at every refresh. A
//! thin Lambda forwards the event to this service, which adds the organization, or refuses, and then there are no tokens:
//! this is where a suspension takes effect within the lifetime of a token.
//!
//! Who the person is, is taken from what Cognito itself asserts: the identity at our provider, the username made of it,
//! and the status of an external user. Attributes are not asked, because people can change them. Users of whom that does
//! not hold are none of ours; their tokens stay as they are and get no organization.
//!
//! The answer comes from a view of the event log in memory ([`People`]). Two things can make it too old: a first sign-in
//! may outrun it, so an unknown person of ours is looked for once more when the view has reached the end of the log; and
//! when the log cannot be read for too long, people of ours are refused rather than let in under a suspension that nobody
//! heard of.
//!
//! It also verifies tokens for backends that cannot do so themselves; Rust backends use `vestibule-cognito-verifier`. The
//! user pools come from the same view, their keys from Cognito.

mod admission;
mod allowance;
mod api;
mod challenge;
mod config;
mod enrichment;
mod error;
mod lookup;
mod people;
mod preview;
mod tokens;
mod verify;

use std::{sync::Arc, time::Duration};

use tonic::service::Routes;
use vestibule_cognito::TriggerEvent;
use vestibule_eventlog::Live;
use vestibule_host::{Resources, Service};
use vestibule_rpc::enrichment::v1::enrichment_service_server::EnrichmentServiceServer;

pub use challenge::ChallengeKeyError;
pub use config::Config;
pub use people::People;

use api::EnrichmentApi;
use challenge::Challenges;
use enrichment::Enrichment;

/// The largest request: the largest event, and room for what the encoding adds.
const REQUEST_BYTES_MAX: usize = TriggerEvent::JSON_BYTES_MAX + 1024;

/// How long starting waits for the view, so that a small deployment is ready when it has started. A large one goes on
/// catching up and is not ready meanwhile.
const CATCH_UP_WAIT: Duration = Duration::from_secs(5);

/// Enrichment cannot start.
pub type StartError = ChallengeKeyError;

/// Starts the service.
///
/// # Errors
/// [`StartError`].
pub async fn start(resources: &Resources, config: &Config) -> Result<Service, StartError> {
    start_with(resources, config, People::default()).await
}

/// Starts the service with what `people` knows already; the log adds to it from its beginning. For measurements with more
/// people than can be written into a log in reasonable time.
///
/// # Errors
/// [`StartError`].
pub async fn start_with(resources: &Resources, config: &Config, people: People) -> Result<Service, StartError> {
    let challenges = Challenges::open(config, Arc::clone(&resources.ids))?;
    let people = Live::start(resources.log.clone(), people, resources.stop.clone());
    // Neither "not yet" nor "stopped" ends the start: readiness says so, and why.
    let _ = tokio::time::timeout(CATCH_UP_WAIT, people.caught_up()).await;

    let clock = Arc::clone(&resources.clock);
    let enrichment = Enrichment::new(people, resources.log.clone(), clock, challenges, config);
    let watched = enrichment.clone();
    let ready = move || watched.fresh().map_err(|error| error.to_string());
    let server = EnrichmentServiceServer::new(EnrichmentApi(enrichment)).max_decoding_message_size(REQUEST_BYTES_MAX);
    Ok(Service {
        name: "enrichment",
        grpc: Routes::new(server),
        http: None,
        readiness: vec![("enrichment.people", Arc::new(ready))],
    })
}
