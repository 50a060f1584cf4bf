use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Schema, domain_event};
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use super::Step;

/// The connection is on its way to being used.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Started {
    /// The connection.
    pub connection: ConnectionId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// When.
    pub at: Timestamp,
}

impl EventBody for Started {
    const SCHEMA: Schema = Schema::new("onboarding.started", 1, &[]);
}

/// A step is done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StepCompleted {
    /// Which.
    pub step: Step,
    /// The mapping that was reviewed, where it is that step: a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl EventBody for StepCompleted {
    const SCHEMA: Schema = Schema::new("onboarding.step_completed", 1, &[]);
}

/// What made a step done is so no longer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StepReopened {
    /// Which.
    pub step: Step,
    /// When.
    pub at: Timestamp,
}

impl EventBody for StepReopened {
    const SCHEMA: Schema = Schema::new("onboarding.step_reopened", 1, &[]);
}

/// People may sign in although these steps are not done: somebody decided so.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Overridden {
    /// Which.
    pub steps: Vec<Step>,
    /// Why, for operators.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

impl EventBody for Overridden {
    const SCHEMA: Schema = Schema::new("onboarding.overridden", 1, &[]);
}

/// Every step is done, or somebody decided to go without it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Completed {
    /// When.
    pub at: Timestamp,
}

impl EventBody for Completed {
    const SCHEMA: Schema = Schema::new("onboarding.completed", 1, &[]);
}

domain_event! {
    /// What can have happened in an onboarding.
    pub enum Event {
        /// See [`Started`].
        Started(Started),
        /// See [`StepCompleted`].
        StepCompleted(StepCompleted),
        /// See [`StepReopened`].
        StepReopened(StepReopened),
        /// See [`Overridden`].
        Overridden(Overridden),
        /// See [`Completed`].
        Completed(Completed),
    }
}
