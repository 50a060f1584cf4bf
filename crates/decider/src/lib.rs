//! The vocabulary of event sourcing, pure: what an aggregate decides ([`Decider`]), what it leaves behind
//! ([`DomainEvent`], [`Schema`]) and how a test tells its story ([`Scenario`]).
//!
//! An aggregate is a state, a total `evolve` that folds facts into it, and a `decide` that turns a command into new
//! facts or a rejection. Time and ids arrive inside the command. Nothing here knows a store.

mod decider;
mod event;
mod scenario;
mod schema;

pub use decider::Decider;
#[doc(hidden)]
pub use event::support;
pub use event::{DecodeError, DomainEvent, EventBody, Payload, Personal, PersonalFields, Reservation};
pub use scenario::Scenario;
pub use schema::{Schema, Upcast};
