/// Something that a policy may not say. What it is about is not in force, wherever the policy is used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The stable reason.
    pub reason: &'static str,
    /// The field within the policy, such as `claims[tier].source`.
    pub field: String,
    /// What is wrong, and how to mend it.
    pub description: String,
}
