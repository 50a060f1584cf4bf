use serde::{Deserialize, Serialize};

use super::SamlSettings;
use crate::Role;

/// What a group of the identity provider means in our words.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RoleRule {
    /// The group exactly as the identity provider writes it.
    pub group: String,
    /// The role, as plain text.
    pub role: String,
}

impl SamlSettings {
    /// The roles of somebody in `groups`, each once, in the order of the rules. Groups are compared exactly: what looks
    /// alike is not the same group.
    #[must_use]
    pub fn roles(&self, groups: &[String]) -> Vec<Role> {
        let held: std::collections::HashSet<&str> = groups.iter().map(String::as_str).collect();
        let mut roles: Vec<Role> = Vec::new();
        for rule in self.roles.iter().filter(|rule| held.contains(rule.group.as_str())) {
            // Rules were checked when they were saved; one that a later release reads differently gives nothing.
            if let Ok(role) = Role::parse(&rule.role)
                && !roles.contains(&role)
            {
                roles.push(role);
            }
        }
        roles
    }
}
