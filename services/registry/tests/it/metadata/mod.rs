//! Metadata that is read from its address: at first, on schedule, early, and what an operator decides.

mod approval;
mod crowd;
mod early;
mod import;
mod publisher;
mod replay;
mod schedule;
mod trouble;
