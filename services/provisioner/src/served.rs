use std::collections::BTreeSet;

use vestibule_kernel::OrganizationId;

use crate::limit::SUBJECTS_APART_MAX;

/// Whose people a service has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Served {
    /// Those of these organizations.
    Only(BTreeSet<OrganizationId>),
    /// Everybody else's: of all organizations but these, which have a service of their own.
    Others(BTreeSet<OrganizationId>),
}

/// What happens to people, and to what they need to sign in.
const FACTS: [&str; 13] = [
    "person.first_seen",
    "person.updated",
    "person.roles_changed",
    "person.deactivated",
    "person.reactivated",
    "person.relinked",
    "person.superseded",
    "person.native_user_linked",
    "person.native_user_unlinked",
    "connection.enabled",
    "connection.disabled",
    "organization.suspended",
    "organization.reinstated",
];

impl Served {
    /// Whether the organization's people belong into the service.
    #[must_use]
    pub fn has(&self, organization: OrganizationId) -> bool {
        match self {
            Self::Only(these) => these.contains(&organization),
            Self::Others(those) => !those.contains(&organization),
        }
    }

    /// Whether there is one organization, for ever.
    #[must_use]
    pub fn is_one(&self) -> bool {
        matches!(self, Self::Only(these) if these.len() == 1)
    }

    /// The events that are wanted, as subjects of an environment.
    #[must_use]
    pub fn subjects(&self, environment: &str) -> Vec<String> {
        let lanes: Vec<String> = match self {
            Self::Only(these) if these.len() <= SUBJECTS_APART_MAX => these.iter().map(ToString::to_string).collect(),
            Self::Only(_) | Self::Others(_) => vec!["*".to_owned()],
        };
        let of = |lane: &String| FACTS.map(|fact| format!("vestibule.{environment}.{lane}.{fact}"));
        lanes.iter().flat_map(of).collect()
    }
}
