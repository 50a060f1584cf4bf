//! The event log and its companions on embedded SQLite.
//!
//! One file in WAL mode, synced on every commit. There is one writing connection; every append takes the write lock
//! before it looks (`BEGIN IMMEDIATE`), so positions are dense and their order is the order of commits. Readers have a
//! pool of their own and never wait for the writer. Several processes on one file do not disturb each other, but they
//! wait for each other's locks and notice each other's events only when they look: use PostgreSQL for that.

mod append;
mod archive;
mod expiring;
mod fault;
mod keys;
mod open;
mod read;
mod row;
mod sign_ins;
mod snapshots;
mod views;

pub use open::{OpenError, SqliteStore};
