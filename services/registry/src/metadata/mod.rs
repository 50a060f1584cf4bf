//! The metadata of identity providers: reading documents, fetching them from their addresses, and remembering how that goes.

mod book;
mod document;
mod early;
mod error;
mod job;
mod pending;
mod refresher;
mod schedule;

pub(crate) use book::Entry;
pub(crate) use document::{Document, pin, read};
pub(crate) use error::Unusable;
pub use job::MetadataJob;
pub(crate) use job::ROUND_EVERY;
pub(crate) use pending::Pending;
pub(crate) use refresher::{Cause, Outcome, Read, Refresher};
