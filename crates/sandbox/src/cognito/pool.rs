use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    routing::{get, post},
};
use vestibule_kernel::{Clock, IdSource};

use super::{
    PoolConfig, Trigger, authorize,
    grant::{Grant, RefreshGrant},
    idpresponse,
    key::{KeyError, PoolKeys},
    logout,
    native::{self, NativeLogin},
    profile::Directory,
    request::{Session, Waiting},
    token, upstream, well_known,
};
use crate::web::{ClientError, Expiring, assets, http_client};

/// Cognito abandons a sign-in that is not finished within five minutes.
const SIGN_IN_LIFETIME: Duration = Duration::from_mins(5);
/// The session cookie of the domain lives for an hour, which use does not prolong.
pub(super) const SESSION_LIFETIME: Duration = Duration::from_hours(1);
/// Authorization codes live for five minutes.
const CODE_LIFETIME: Duration = Duration::from_mins(5);
/// Refresh tokens live for 30 days, Cognito's default.
const REFRESH_LIFETIME: Duration = Duration::from_hours(30 * 24);
/// A code sent by e-mail lives for five minutes.
const EMAIL_CODE_LIFETIME: Duration = Duration::from_mins(5);

/// What surrounds a pool: the trigger, time and randomness.
#[derive(Clone)]
pub struct Surroundings {
    /// The function behind its triggers.
    pub trigger: Arc<dyn Trigger>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn IdSource>,
}

/// The simulator could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CognitoError {
    /// A signing key could not be made.
    #[error("the simulated Cognito has no signing keys")]
    Keys(#[from] KeyError),
    /// The HTTP client could not be made.
    #[error("the simulated Cognito cannot call its identity providers")]
    Client(#[from] ClientError),
}

/// A simulated user pool with its domain. Cheap to clone.
#[derive(Clone)]
pub struct Cognito(Arc<Pool>);

/// Everything that a pool holds, in memory only.
pub(super) struct Pool {
    pub(super) config: PoolConfig,
    pub(super) keys: PoolKeys,
    pub(super) http: reqwest::Client,
    pub(super) trigger: Arc<dyn Trigger>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    /// The profiles, which outlive every sign-in.
    pub(super) directory: Directory,
    /// Sign-ins that are under way at a provider, by the state that was sent.
    pub(super) waiting: Expiring<Waiting>,
    /// Sessions of the domain, by the cookie's value.
    pub(super) sessions: Expiring<Session>,
    /// Authorization codes.
    pub(super) codes: Expiring<Grant>,
    /// Refresh tokens.
    pub(super) refresh_tokens: Expiring<RefreshGrant>,
    /// Logins by e-mail that wait for their code.
    pub(super) native_logins: Expiring<NativeLogin>,
    /// Discovery documents of the providers, by name.
    pub(super) discovered: Mutex<BTreeMap<String, upstream::Endpoints>>,
}

impl Cognito {
    /// Makes the pool's two signing keys, which takes some 100 ms each.
    ///
    /// # Errors
    /// When a key or the HTTP client cannot be made.
    pub fn new(config: PoolConfig, surroundings: Surroundings) -> Result<Self, CognitoError> {
        let Surroundings { trigger, clock, ids } = surroundings;
        Ok(Self(Arc::new(Pool {
            config,
            keys: PoolKeys::generate(&*ids)?,
            http: http_client("Amazon/Cognito")?,
            trigger,
            clock,
            ids,
            directory: Directory::default(),
            waiting: Expiring::new(SIGN_IN_LIFETIME),
            sessions: Expiring::new(SESSION_LIFETIME),
            codes: Expiring::new(CODE_LIFETIME),
            refresh_tokens: Expiring::new(REFRESH_LIFETIME),
            native_logins: Expiring::new(EMAIL_CODE_LIFETIME),
            discovered: Mutex::default(),
        })))
    }

    /// How the pool is set up.
    #[must_use]
    pub fn config(&self) -> &PoolConfig {
        &self.0.config
    }

    /// The profile with this username, as `AdminGetUser` would answer it.
    #[must_use]
    pub fn profile(&self, username: &str) -> Option<super::Profile> {
        self.0.directory.find(username)
    }

    /// The pages and endpoints of the domain.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/oauth2/authorize", get(authorize::authorize))
            .route("/oauth2/idpresponse", get(idpresponse::idpresponse))
            .route("/oauth2/token", post(token::token))
            .route("/login", get(native::login_page).post(native::send_code))
            .route("/login/code", post(native::check_code))
            .route("/logout", get(logout::logout))
            .route("/{pool_id}/.well-known/jwks.json", get(well_known::jwks))
            .route("/{pool_id}/.well-known/openid-configuration", get(well_known::discovery))
            .with_state(Arc::clone(&self.0))
            .merge(assets())
    }
}
