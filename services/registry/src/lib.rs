//! The registry of organizations, domains, connections, people and user pools (gRPC).
//!
//! - `rpc` holds one file for each group of methods: caller, convert, call, answer.
//! - `convert` reads requests into the types of `vestibule-tenancy` and writes resources as messages.
//! - `app` executes commands on the event log, makes creations repeatable and reads.
//! - `worker` does what time asks for, one process of many at a time.
//! - `certificates` knows the certificates of all connections at once.
//! - `directory` and `people` are the projections that lists are read from; `followed` keeps them up to date.
//! - `onboarding` follows the log and records how far connections are on their way to being used.
//! - `provisioning` takes in what directories of organizations say of people.
//! - `events` tells what is published, to those who have no bus.
//!
//! A resource is read from its own stream, so it is never stale; a list is read from a view that has reached the end
//! of the log as it was when the list was asked for.

mod app;
mod certificates;
mod config;
mod convert;
mod directory;
mod error;
mod events;
mod field;
mod followed;
mod listing;
mod metadata;
mod onboarding;
mod people;
mod provisioning;
mod request_id;
mod resource;
mod rpc;
mod secret;
mod start;
mod warning;
mod worker;

pub use config::Config;
pub use metadata::MetadataJob;
pub use start::{StartError, start};
pub use worker::CertificateJob;

/// The `domain` of every `google.rpc.ErrorInfo` of this service.
const ERROR_DOMAIN: &str = "registry.vestibule";
