use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::{
    TokenUse,
    claim::Claims,
    requirement::{Met, client_claim},
};

/// A token that was verified, and what it says. Cheap to clone.
#[derive(Clone)]
pub struct VerifiedToken(Arc<Inner>);

struct Inner {
    user_pool_id: Arc<str>,
    met: Met,
    claims: Claims,
}

impl VerifiedToken {
    pub(crate) fn new(user_pool_id: Arc<str>, met: Met, claims: Claims) -> Self {
        Self(Arc::new(Inner { user_pool_id, met, claims }))
    }

    /// The id of the user pool that issued it.
    #[must_use]
    pub fn user_pool_id(&self) -> &str {
        &self.0.user_pool_id
    }

    /// What it is for.
    #[must_use]
    pub fn token_use(&self) -> TokenUse {
        self.0.met.token_use
    }

    /// Whom it is about, Cognito's own id of the user; of a client's own token the client.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.claims.lenient_text("sub")
    }

    /// The name of the user in the pool.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.0.claims.lenient_text(match self.token_use() {
            TokenUse::Id => "cognito:username",
            TokenUse::Access => "username",
        })
    }

    /// The app client.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.claims.lenient_text(client_claim(self.token_use()))
    }

    /// The organization, from the claim that the requirements name.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        self.0.met.organization.as_deref()
    }

    /// The groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.claims.groups()
    }

    /// The scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.claims.scopes()
    }

    /// When it expires; `None` when that is beyond what the clock can express.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.claims.expiry().and_then(|expiry| UNIX_EPOCH.checked_add(expiry))
    }

    /// Any claim.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.claims.value(name)
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pool, token_use) = (self.user_pool_id(), self.token_use());
        f.debug_struct("VerifiedToken")
            .field("user_pool_id", &pool)
            .field("token_use", &token_use)
            .finish_non_exhaustive()
    }
}
