//! The SCIM 2.0 edge (RFC 7644): what an organization's directory speaks to.
//!
//! It reads HTTP and writes HTTP. Tokens are looked at, resources kept and filters answered by the registry, to which every
//! call carries the token that the directory presented: this service has no right of its own. Nothing that a directory sends
//! is logged.
//!
//! - `http` holds the routes: discovery, and one set of handlers for users and groups.
//! - `admission` keeps a directory that repeats itself, and those who guess tokens, from being a burden.
//! - `failure` is the one place where a refusal becomes an answer (RFC 7644 section 3.12).

mod admission;
mod config;
mod failure;
mod http;
mod limit;
mod start;

pub use config::Config;
pub use start::{StartError, start};
