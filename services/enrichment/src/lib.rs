//! Organization claims for the tokens that Cognito signs, and the door closed when it should be.
//!
//! Cognito calls its triggers around each sign-in, and "pre token generation" before every ID and access token, at sign-in and
//! at every refresh. A thin Lambda forwards the event to this service, which answers the whole event with only `response`
//! written, or refuses, and then there are no tokens: this is where access ends within the lifetime of a token. Read the files
//! in this order:
//!
//! 1. `enrichment`: which trigger is answered by whom.
//! 2. `people`: what is known, folded from the log and held in memory ([`People`]).
//! 3. `admission`: who may have tokens. `lookup`: what is done before somebody is refused whom the view may not know yet.
//! 4. `tokens`: what goes into them, by the claim policies. `preview`: the same, shown before it goes live.
//! 5. `challenge`: sign-ins without an identity provider and without a password. `verify`: tokens that were signed.
//!
//! # Who somebody is
//!
//! That is taken from what Cognito itself asserts: the identity at our provider, the username made of it, and the status of an
//! external user. All three must agree, and an external user who is called like one of ours without being one is refused.
//! Attributes are not asked, because people can change them; nor is anything decided by the trigger's source alone. Users of
//! the pool's own belong to an organization when an operator has linked them, by the `sub` that Cognito gave them; a user who
//! was one of our provider's once, is called like one, or was linked to an identity there is not the pool's own. Everybody
//! else is none of ours: their tokens stay as they are and get no organization.
//!
//! # Who is let in
//!
//! At each token generation, and by the triggers that run before a user is stored:
//!
//! | refused | when |
//! |---|---|
//! | `PERSON_UNKNOWN` | we never minted the subject |
//! | `PERSON_DEACTIVATED` | the person was deactivated, or turned out to be somebody else |
//! | `PERSON_SIGNED_OUT` | the person signed out and did not sign in since |
//! | `ORGANIZATION_SUSPENDED` | |
//! | `OTHER_USER_POOL` | the organization's people live in another pool |
//! | `APP_CLIENT_NOT_ALLOWED` | the organization has an app client of its own and this is none of it, or another organization has this one, or a claim policy does not allow it |
//! | `CONNECTION_DISABLED` | the connection through which the person is known is not enabled |
//! | `DOMAIN_UNVERIFIED` | the tokens would call an address verified that is not in a domain of the organization; or the organization had verified domains and has none left |
//!
//! Of the last one: the view holds no addresses. The event says which address the tokens would call verified, and that one is
//! held against the organization's domains. An organization that never had a domain is not concerned, because then no address
//! is ever called verified. For a linked native user no identity provider vouches, so connection, domain and signing out there
//! say nothing about them.
//!
//! # How old the answer may be
//!
//! Two things can make the view too old. A sign-in may outrun it: before a person or a user pool is refused that it does not
//! know, or somebody who is kept out at a sign-in, the log itself is read and the view brought to its end. That is bounded in
//! time, in length and in number, and is done once for the unknown id of a person. And when the log cannot be read for too long, people of ours are refused rather
//! than let in under a suspension that nobody heard of.
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
    let (log, stop) = (resources.log.clone(), resources.stop.clone());
    serve(resources, config, Live::resume(log, resources.snapshots(), stop)).await
}

/// Starts the service with what `people` knows already; the log adds to it from its beginning. For measurements with more
/// people than can be written into a log in reasonable time.
///
/// # Errors
/// [`StartError`].
pub async fn start_with(resources: &Resources, config: &Config, people: People) -> Result<Service, StartError> {
    serve(resources, config, Live::start(resources.log.clone(), people, resources.stop.clone())).await
}

async fn serve(resources: &Resources, config: &Config, people: Live<People>) -> Result<Service, StartError> {
    let challenges = Challenges::open(config, Arc::clone(&resources.ids))?;
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
