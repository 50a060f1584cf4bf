//! Tests of the verifier through its public interface: one set of good and bad tokens for us and for aws-jwt-verify, the
//! cache of keys, the fetching and the tower layer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "in a test a panic is the report, and a skipped one says so"
)]

mod cache;
mod http;
mod interop;
mod issuer;
mod layer;
mod remote;
mod requirement;
mod shared;
mod verdict;
