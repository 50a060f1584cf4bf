use std::fmt;

use serde::{Deserialize, Serialize};
use vestibule_kernel::{OrganizationId, UserPoolId};

use super::Level;

/// What a policy belongs to.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Target {
    /// Every token that a user pool signs for people of ours.
    UserPool {
        /// The pool.
        user_pool: UserPoolId,
    },
    /// Every token of the people of an organization.
    Organization {
        /// The organization.
        organization: OrganizationId,
    },
    /// Every token that is made for an app client.
    AppClient {
        /// The pool of the app client.
        user_pool: UserPoolId,
        /// Cognito's id of it.
        app_client_id: String,
    },
}

impl Target {
    /// Its place in the order in which policies are laid over each other.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::UserPool { .. } => Level::UserPool,
            Self::Organization { .. } => Level::Organization,
            Self::AppClient { .. } => Level::AppClient,
        }
    }
}

/// The resource that it belongs to, as the gRPC interface names it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserPool { user_pool } => write!(f, "userPools/{user_pool}"),
            Self::Organization { organization } => write!(f, "organizations/{organization}"),
            Self::AppClient { user_pool, app_client_id } => {
                write!(f, "userPools/{user_pool}/appClients/{app_client_id}")
            }
        }
    }
}
