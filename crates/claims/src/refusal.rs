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

fn summary(problems: &[Problem]) -> String {
    let lines: Vec<String> =
        problems.iter().map(|problem| format!("{}: {}", problem.field, problem.description)).collect();
    lines.join("; ")
}

impl Explain for InvalidPolicy {
    fn explain(&self) -> Explanation {
        let reason = self.problems.first().map_or("REQUEST_INVALID", |problem| problem.reason);
        let violation = |problem: &Problem| Violation {
            field: format!("{}.{}", self.field, problem.field),
            description: problem.description.clone(),
        };
        Explanation { kind: Kind::Invalid, reason, violations: self.problems.iter().map(violation).collect() }
    }
}

/// What may be saved of this policy: all of it, or nothing.
///
/// # Errors
/// [`InvalidPolicy`].
pub fn checked(field: &str, target: Target, policy: ClaimPolicy, above: &Effective) -> Result<Replace, InvalidPolicy> {
    Replace::new(target, policy, above).map_err(|problems| InvalidPolicy { field: field.to_owned(), problems })
}
