//! The second opinion: what another engine, in a process of its own, makes of a Response that ours has accepted.
//!
//! - `engine`: the port. `child` and `pool` are its adapter: processes that answer one question each.
//! - `gate`: how much of it one connection may have.
//! - `compare`: what both engines must have read alike.

mod child;
mod compare;
mod consult;
mod engine;
mod gate;
mod limit;
mod mode;
mod pool;

pub(crate) use consult::{Objection, SecondOpinion};
pub use mode::Mode;
