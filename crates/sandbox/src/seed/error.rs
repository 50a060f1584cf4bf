use tonic::Status;

/// The sandbox could not be onboarded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The registry refused a step.
    #[error("the registry refuses to {step}: {}", .status.message())]
    Refused {
        /// What was tried.
        step: &'static str,
        /// What it said.
        status: Box<Status>,
    },
    /// The registry's answer lacks a part.
    #[error("the registry answers without {0}")]
    Incomplete(&'static str),
}

impl SeedError {
    pub(super) fn refused(step: &'static str) -> impl FnOnce(Status) -> Self {
        move |status| Self::Refused { step, status: Box::new(status) }
    }
}
