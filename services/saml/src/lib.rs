//! SAML towards identity providers (gRPC): requests, verdicts on responses, and their acceptance.
//!
//! A Response is judged first, from memory and without any effect: by the engine (`vestibule-saml`), then by what the
//! organization and the connection allow. Only what passes is accepted, in one append that uses the assertion up,
//! answers the request and finds or makes the person. A refusal is an answer and leaves nothing behind.
//!
//! - `directory`: connections, organizations and verified domains in memory, fed by the log.
//! - `judge`: the verdict, pure. `email` and `subject` hold its rules about people.
//! - `trusted`: which certificates are trusted when; `promotion` notes which are in use.
//! - `credential`: our keys towards identity providers; `key_schedule` follows them up, `decryption` opens what is encrypted for them.
//! - `accept`: the append.
//! - `second_opinion`: what another engine makes of what ours has accepted.
//! - `explain`: what is wrong with a Response, for people; it never has an effect.
//! - `notice`: telling the registry that an identity provider may have new certificates.
//! - `logout`: what ends sessions, ours and theirs.
//! - `authn_request`, `metadata`: what we tell identity providers, and what they tell us.
//! - `rpc`: the service itself.

mod accept;
mod authn_request;
mod checklist;
mod config;
mod connection;
mod credential;
mod decryption;
mod directory;
mod email;
mod error;
mod explain;
mod judge;
mod key_schedule;
mod logout;
mod mapping;
mod metadata;
mod notice;
mod promotion;
mod refusal;
mod rpc;
mod second_opinion;
mod service_provider;
mod start;
mod subject;
mod trusted;

pub use config::Config;
pub use key_schedule::KeyJob;
pub use second_opinion::Mode as SecondOpinionMode;
pub use start::{StartError, destroy_old_keys, start};

/// The `domain` of every `google.rpc.ErrorInfo` of this service.
const ERROR_DOMAIN: &str = "saml.vestibule";
