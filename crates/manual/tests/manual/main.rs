//! Holds the handbook to the code: what a page says of files, tests, events and limits must be so.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read the repository fails")]

mod events;
mod limits;
mod page;
mod paths;
mod threats;
