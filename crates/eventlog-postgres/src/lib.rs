//! The event log and its companions on PostgreSQL 13 or later.
//!
//! **Order.** Every append transaction holds one advisory lock from before it checks the end of the log until its COMMIT.
//! So positions are dense, their order is the order of commits, and a reader that has seen a position never finds an
//! event in front of it later. The group commit of [`vestibule_eventlog::EventLog`] shares the lock, the COMMIT and the
//! two round trips of a transaction among all appends that are waiting. A pooler between us and the server must keep a
//! session for each client (prepared statements, session settings).
//!
//! **Durability.** [`PostgresStore`] refuses a server whose `synchronous_commit` is off. When the connection breaks before
//! a commit is answered, the store waits until the server is done with what is under way, moves a fence that a commit which
//! arrives later does not pass, and looks whether the events are there.
//!
//! **Wake-ups.** An append of this process wakes its readers at once. What other processes append is found by asking for
//! the last position every [`POLL_INTERVAL`], one index look-up on one connection; nobody asks while nobody listens.
//!
//! **Roles.** The owner of the tables migrates them when it connects. [`GRANTS`] makes a role that can append and one that
//! can read, for services that need no more.

mod append;
mod archive;
mod changes;
mod expiring;
mod fault;
mod keys;
mod open;
mod read;
mod row;
mod sign_ins;
mod snapshot;
mod view_snapshots;
mod views;

pub use changes::POLL_INTERVAL;
pub use open::{OpenError, PostgresStore};

/// SQL that makes the restricted roles `vestibule_append` and `vestibule_read`; the owner runs it after each upgrade.
pub const GRANTS: &str = include_str!("../sql/grants.sql");
