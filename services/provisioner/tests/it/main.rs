//! One SCIM service, kept as the registry knows the people: a whole life, everything that goes wrong, and reconciliation. The
//! registry, NATS and the process itself are real in the black-box tests of the workspace; `scim2-server` is real here.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is the report"
)]

mod config;
mod hostile;
mod life;
mod people;
mod reconcile;
mod scim2;
mod service;
mod tls;
