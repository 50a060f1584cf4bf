//! The store on a real PostgreSQL server, named by `VESTIBULE_TEST_POSTGRES_URL`. Without it every test says that it was
//! skipped; with `VESTIBULE_TEST_REQUIRE_ALL=1` it fails instead.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is the report"
)]

mod chain;
mod contention;
mod contract;
mod crash;
mod database;
mod lost_answer;
mod open;
mod protection;
mod proxy;
mod role;
mod tamper;
mod wake_up;
