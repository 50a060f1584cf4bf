//! What every store must do, as one test suite.
//!
//! An adapter runs it with one line in its test binary; the factory makes a store with nothing in it, or answers `None`
//! where there is no database to test with, and the case says that it was skipped:
//!
//! ```text
//! vestibule_eventlog_contract::suite!(|| async { Some(SqliteStore::temporary().await.expect("a store")) });
//! ```
//!
//! Cases that attack the database behind the store's back are generic over an [`Attacker`] and are called by the
//! adapter's own tests; so are the pieces of the crash test in [`crash`].

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "a test suite: it fails by panicking"
)]

pub mod append;
pub mod archive;
pub mod checkpoint;
pub mod concurrency;
pub mod crash;
pub mod expiring;
pub mod fault;
mod fixture;
pub mod forgery;
pub mod group;
pub mod keys;
pub mod live;
pub mod log;
pub mod projection;
pub mod read;
pub mod replay;
pub mod reservation;
pub mod sign_ins;
pub mod snapshot;
mod suite;
pub mod tamper;
pub mod views;

pub use fixture::{Stores, event_log};
pub use tamper::Attacker;

/// Prints that a case was left out.
pub fn skipped(case: &str) {
    println!("skipped: {case}: there is no database to test with");
}
