use super::Problem;

/// A hop did not do what it should.
#[derive(Debug, thiserror::Error)]
#[error("{hop}")]
pub struct HopError {
    /// Which hop.
    pub hop: &'static str,
    /// What was wrong.
    #[source]
    pub failure: HopFailure,
}

/// What was wrong with a hop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HopFailure {
    /// Nobody answers.
    #[error("nobody answers")]
    Call(#[source] reqwest::Error),
    /// An error page, or another page than expected.
    #[error("{0}")]
    Page(Box<Problem>),
    /// An OAuth error went back to where the sign-in came from.
    #[error("OAuth error {error}: {description}")]
    OAuth {
        /// `error`.
        error: Box<str>,
        /// `error_description`.
        description: Box<str>,
    },
    /// A value that the next hop needs is missing or is not what it must be.
    #[error("{0} is missing or wrong")]
    Value(&'static str),
    /// Nobody in the sandbox has this e-mail address.
    #[error("nobody in the sandbox has the e-mail address {0:?}")]
    Unknown(Box<str>),
}

impl HopError {
    /// The error page that ended the sign-in, when one did.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match &self.failure {
            HopFailure::Page(problem) => Some(problem),
            _ => None,
        }
    }
}

impl HopFailure {
    pub(super) const fn at(self, hop: &'static str) -> HopError {
        HopError { hop, failure: self }
    }
}
