//! Onboarding: what has to be so before people sign in through a connection, what is missing, and who has to act.
//!
//! The process is told what is so (`Observe`), and records what has become so and what is so no longer. It never has to
//! see every event that led there, so it may come late, twice, or after a crash, and says the same.

mod command;
mod decide;
mod event;
mod rejection;
mod step;

pub use command::{Command, Facts, GoLive};
pub use decide::{Mark, Onboarding, Progress};
pub use event::{Completed, Event, Overridden, Started, StepCompleted, StepReopened};
pub use rejection::Rejection;
pub use step::{Actor, Step};

/// Stream category of onboardings: one stream for each connection.
pub const CATEGORY: &str = "onboarding";
