use serde::{Deserialize, Serialize};
use vestibule_decider::Reservation;
use vestibule_kernel::UserPoolId;

use super::{APP_CLIENT, OWN_POOL};

/// Where the organization's people live in Cognito.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Placement {
    /// In a pool shared by many organizations, told apart by the organization claim.
    SharedPool {
        /// The pool.
        user_pool: UserPoolId,
    },
    /// In a shared pool, told apart by a group, too.
    Group {
        /// The pool.
        user_pool: UserPoolId,
        /// The group, as tokens name it; other organizations may have the same one.
        group: String,
    },
    /// In a pool of its own (silo).
    OwnPool {
        /// The pool, which no other organization has as its own.
        user_pool: UserPoolId,
    },
    /// In a shared pool, through an app client of its own (bridge).
    AppClient {
        /// The pool.
        user_pool: UserPoolId,
        /// The app client, which no other organization has as its own.
        app_client_id: String,
    },
}

impl Placement {
    /// The pool.
    #[must_use]
    pub const fn user_pool(&self) -> UserPoolId {
        match self {
            Self::SharedPool { user_pool }
            | Self::Group { user_pool, .. }
            | Self::OwnPool { user_pool }
            | Self::AppClient { user_pool, .. } => *user_pool,
        }
    }

    /// The one app client through which its people sign in; `None` when every app client of the pool will do.
    #[must_use]
    pub fn app_client_id(&self) -> Option<&str> {
        match self {
            Self::AppClient { app_client_id, .. } => Some(app_client_id),
            Self::SharedPool { .. } | Self::Group { .. } | Self::OwnPool { .. } => None,
        }
    }

    /// The group that tells its people apart.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        match self {
            Self::Group { group, .. } => Some(group),
            Self::SharedPool { .. } | Self::OwnPool { .. } | Self::AppClient { .. } => None,
        }
    }

    pub(super) fn taken(&self) -> Option<Reservation> {
        self.exclusive().map(|(scope, key)| Reservation::Take { scope, key })
    }

    pub(super) fn released(&self) -> Option<Reservation> {
        self.exclusive().map(|(scope, key)| Reservation::Release { scope, key })
    }

    /// What belongs to this organization alone.
    fn exclusive(&self) -> Option<(&'static str, String)> {
        match self {
            Self::SharedPool { .. } | Self::Group { .. } => None,
            Self::OwnPool { user_pool } => Some((OWN_POOL, user_pool.to_string())),
            Self::AppClient { user_pool, app_client_id } => Some((APP_CLIENT, format!("{user_pool}/{app_client_id}"))),
        }
    }
}

/// What becomes of a sign-in whose e-mail address lies outside of the organization's verified domains. It is never
/// released, whatever this says.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignEmail {
    /// The person signs in without an address.
    #[default]
    Withhold,
    /// The person does not sign in.
    Refuse,
}
