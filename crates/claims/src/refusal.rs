use vestibule_kernel::{Explain, Explanation, Kind, Violation};
use vestibule_tenancy::claim_policy::{ClaimPolicy, Effective, Problem, Replace, Target};

/// A policy may not be saved. The reason is that of the first problem; each has a violation.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", summary(.problems))]
pub struct InvalidPolicy {
    /// The field of the request that holds the policy.
    pub field: String,
    /// Why, at least one.
    pub problems: Vec<Problem>,
}

/// How many problems are told at once: an answer's trailers have room for so many.
const PROBLEMS_TOLD_MAX: usize = 16;

fn summary(problems: &[Problem]) -> String {
    let told = problems.iter().take(PROBLEMS_TOLD_MAX);
    let lines: Vec<String> = told.map(|problem| format!("{}: {}", problem.field, problem.description)).collect();
    match problems.len().saturating_sub(PROBLEMS_TOLD_MAX) {
        0 => lines.join("; "),
        more => format!("{}; and {more} more", lines.join("; ")),
    }
}

impl Explain for InvalidPolicy {
    fn explain(&self) -> Explanation {
        let reason = self.problems.first().map_or("REQUEST_INVALID", |problem| problem.reason);
        let violation = |problem: &Problem| Violation {
            field: format!("{}.{}", self.field, problem.field),
            description: problem.description.clone(),
        };
        let violations = self.problems.iter().take(PROBLEMS_TOLD_MAX).map(violation).collect();
        Explanation { kind: Kind::Invalid, reason, violations }
    }
}

/// What may be saved of this policy: all of it, or nothing.
///
/// # Errors
/// [`InvalidPolicy`].
pub fn checked(field: &str, target: Target, policy: ClaimPolicy, above: &Effective) -> Result<Replace, InvalidPolicy> {
    Replace::new(target, policy, above).map_err(|problems| InvalidPolicy { field: field.to_owned(), problems })
}
