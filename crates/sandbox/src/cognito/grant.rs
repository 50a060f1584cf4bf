use vestibule_kernel::Timestamp;

use super::{overriding::Overriding, profile::Profile};

/// What an authorization code stands for.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) redirect_uri: String,
    pub(super) code_challenge: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) sign_in: SignIn,
    /// The profile and the trigger's answer as they were when the code was made.
    pub(super) profile: Profile,
    pub(super) overriding: Overriding,
}

/// What a refresh token stands for: the sign-in, not what was known of the person then.
#[derive(Clone, Debug)]
pub(super) struct RefreshGrant {
    pub(super) username: String,
    pub(super) sign_in: SignIn,
}

/// What all tokens of one sign-in have in common.
#[derive(Clone, Debug)]
pub(super) struct SignIn {
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) authenticated_at: Timestamp,
    pub(super) origin_jti: String,
    pub(super) event_id: String,
}
