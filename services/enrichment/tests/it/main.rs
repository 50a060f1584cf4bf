//! Black-box tests of enrichment: gRPC in memory over an event log on SQLite, fed with the events that the other services
//! write.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "in a test a panic is the report")]

mod age;
mod challenge;
mod claims;
mod counted;
mod deployment;
mod enforcement;
mod event;
mod guard;
mod native;
mod preview;
mod refusal;
mod snapshot;
mod store;
mod verify;
mod version;
