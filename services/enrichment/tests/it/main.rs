//! Black-box tests of enrichment: gRPC in memory over an event log on SQLite, fed with the events that the other services
//! write.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod age;
mod claims;
mod deployment;
mod event;
mod refusal;
mod store;
mod verify;
