use serde::{Deserialize, Serialize};
use vestibule_decider::PersonalFields;
use vestibule_kernel::PersonId;

/// What the identity provider said of a person. Personal: stored under the person's own key only.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Profile {
    /// The subject's exact value at the identity provider; empty when it is not known, as after a re-link.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The address, already held against the organization's verified domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(redacted)")
    }
}

impl Profile {
    pub(super) fn sealed_for(&self, person: PersonId) -> Option<PersonalFields> {
        let fields = serde_json::to_value(self).ok()?;
        Some(PersonalFields { person, fields })
    }
}
