use vestibule_kernel::{Explain, Explanation, Kind};

use super::Step;

/// Why an onboarding says no.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// There is none: the connection does not exist.
    #[error("there is no onboarding of this connection")]
    NotFound,
    /// People would sign in through what nobody has tried.
    #[error(
        "the onboarding is incomplete: {}. Finish what is missing, or go live with an override note, which is recorded",
        missing(steps)
    )]
    Incomplete {
        /// The steps that are not done, in their order.
        steps: Vec<Step>,
    },
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotFound => Explanation::new(Kind::NotFound, "ONBOARDING_NOT_FOUND"),
            Self::Incomplete { .. } => Explanation::new(Kind::Precondition, "ONBOARDING_INCOMPLETE"),
        }
    }
}

fn missing(steps: &[Step]) -> String {
    let each: Vec<String> = steps.iter().map(|step| format!("{step} ({} has to act)", step.actor())).collect();
    each.join(", ")
}
