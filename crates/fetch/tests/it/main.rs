//! What is fetched, and what is not, however the address or the answer tries.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]

mod address;
mod answer;
mod names;
mod redirect;
mod support;
mod tls;
