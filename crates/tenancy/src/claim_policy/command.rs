use super::{ClaimPolicy, Effective, Problem, Target};

/// What can be asked of a claim policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Have this policy from now on.
    Replace(Replace),
    /// Have none.
    Clear {
        /// What the policy belongs to.
        target: Target,
    },
}

/// A policy that says nothing it may not say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replace {
    target: Target,
    policy: ClaimPolicy,
}

impl Replace {
    /// Checks a policy against those that are laid under it.
    ///
    /// # Errors
    /// Everything that it may not say.
    pub fn new(target: Target, policy: ClaimPolicy, above: &Effective) -> Result<Self, Vec<Problem>> {
        let (_, problems) = above.clone().with(target.level(), &policy);
        if problems.is_empty() { Ok(Self { target, policy }) } else { Err(problems) }
    }

    /// What the policy belongs to.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &ClaimPolicy {
        &self.policy
    }
}
