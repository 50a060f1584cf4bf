//! Black-box tests of routing: gRPC in memory over an event log on SQLite, fed with the events that the registry writes.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "in a test a panic is the report")]

mod authorize;
mod decision;
mod deployment;
mod hostile;
mod snapshot;
mod store;
mod ticket;
mod view;
