//! Black-box tests of the published events and of the relay, on a bus in memory.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the report")]

mod bus;
mod catalog;
mod contract;
mod harness;
mod relay;
