//! The append-only event log, the only durable truth.
//!
//! - [`Store`] is the port that the adapters implement: admit and commit a group of appends, read.
//! - [`EventLog`] is what services hold: it seals personal fields, commits concurrent appends as groups, executes
//!   commands, reads, and wakes subscribers.
//! - [`Live`] keeps a view in memory, [`run_projection`] one in the store; [`snapshot`] saves reading the whole log at start.
//! - [`Lease`] lets one of many processes do what only one may do.
//! - [`checkpoint`], [`export`] and [`verify`] show whether anything was changed; [`archive`] removes whole months.

pub mod admission;
pub mod archive;
mod chain;
pub mod checkpoint;
mod committer;
mod cursor;
mod entries;
mod error;
mod event;
mod execute;
pub mod export;
mod follow;
mod lease;
pub mod limit;
mod live;
mod log;
mod looks;
mod personal;
mod projection;
pub mod snapshot;
mod store;
mod stream;
mod tail;
mod transaction;
pub mod verify;

pub use chain::{Link, ORIGIN};
pub use cursor::{Cursor, ParseCursorError};
pub use error::{AppendError, ReadError};
pub use event::{Hash, Metadata, Recorded, StoredPersonal};
pub use execute::{CommandError, Current, LoadError};
pub use lease::{Held, LEASE, Lease, Validity};
pub use live::{Live, LiveStatus, LiveView, StopReason, ViewStopped};
pub use log::EventLog;
pub use looks::Looks;
pub use projection::{EntryKey, Projection, run_projection};
pub use store::{
    Appended, Archive, Filter, Page, Prepared, PreparedEvent, PreparedStream, Removed, Store, ViewWrite, Views,
};
pub use stream::{ParseStreamIdError, Partition, StreamId, Version};
pub use transaction::{Draft, StreamAppend, Transaction};
