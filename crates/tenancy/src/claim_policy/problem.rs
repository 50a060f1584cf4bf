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

/// How much of the name of a claim is told, when it is wrong.
const NAME_CHARS_SHOWN: usize = 64;

impl Problem {
    /// How the field of a claim is told: its name may be anything, and as long as a request.
    #[must_use]
    pub fn claim_field(name: &str) -> String {
        let shown: String = name.chars().take(NAME_CHARS_SHOWN).flat_map(char::escape_debug).collect();
        let more = if name.chars().nth(NAME_CHARS_SHOWN).is_some() { "…" } else { "" };
        format!("claims[{shown}{more}]")
    }
}
