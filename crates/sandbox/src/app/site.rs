use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::HeaderMap,
    response::Response,
    routing::{get, post},
};
use jsonwebtoken::jwk::JwkSet;
use serde_json::Value;
use vestibule_kernel::{Clock, IdSource, SecretString};
use vestibule_rpc::Channel;

use super::{callback, login, page, sign_out};
use crate::web::{ClientError, Expiring, assets, cookie_of, http_client, random_token, set_cookie, with_cookies};

/// How long a sign-in may take from here and back.
const LOGIN_LIFETIME: Duration = Duration::from_mins(10);
/// How long a session of the application lives.
pub(super) const SESSION_LIFETIME: Duration = Duration::from_hours(8);
/// How long a browser is remembered.
pub(super) const BROWSER_LIFETIME: Duration = Duration::from_hours(24);

/// The cookie of a signed-in person.
pub(super) const SESSION_COOKIE: &str = "demo-session";
/// The cookie that ties a sign-in to the browser that began it.
pub(super) const BROWSER_COOKIE: &str = "demo-browser";

/// What the demo application needs to know.
pub struct AppConfig {
    /// The address it is served at, without a trailing slash.
    pub base_url: String,
    /// The address of the user pool's domain, without a trailing slash.
    pub cognito_url: String,
    /// The issuer of the user pool's tokens.
    pub issuer: String,
    /// The app client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// Where Cognito sends people after its own `/logout`: registered there as a logout URL.
    pub logout_uri: String,
    /// `userPools/{user_pool}` in the registry.
    pub user_pool: String,
    /// The routing service.
    pub routing: Channel,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn IdSource>,
}

/// The demo application. Cheap to clone.
#[derive(Clone)]
pub struct DemoApplication(Arc<App>);

pub(super) struct App {
    pub(super) config: AppConfig,
    pub(super) http: reqwest::Client,
    /// Sign-ins under way, by `state`.
    pub(super) logins: Expiring<Login>,
    /// Who is signed in, by cookie.
    pub(super) sessions: Expiring<Arc<SignedIn>>,
    /// Whom a browser signed in last, by cookie.
    pub(super) last_person: Expiring<String>,
    /// The user pool's keys, fetched when an unknown one is met.
    pub(super) keys: Mutex<Option<JwkSet>>,
}

/// A sign-in that is under way.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) browser: String,
    /// The address that was typed, in lower case; empty when none was.
    pub(super) person: String,
    /// The id of the organization that routing named; empty when it named none.
    pub(super) organization: String,
    pub(super) nonce: String,
    pub(super) code_verifier: String,
}

/// A person who is signed in: the verified claims.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) id_token: Value,
    pub(super) access_token: Value,
}

impl DemoApplication {
    /// Sets the application up.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(config: AppConfig) -> Result<Self, ClientError> {
        Ok(Self(Arc::new(App {
            config,
            http: http_client("vestibule-demo-application")?,
            logins: Expiring::new(LOGIN_LIFETIME),
            sessions: Expiring::new(SESSION_LIFETIME),
            last_person: Expiring::new(BROWSER_LIFETIME),
            keys: Mutex::default(),
        })))
    }

    /// The pages.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(home))
            .route("/login", post(login::login))
            .route("/login/initiate", get(login::initiate))
            .route("/callback", get(callback::callback))
            .route("/switch-account", post(sign_out::switch_account))
            .route("/sign-out", post(sign_out::sign_out))
            .with_state(Arc::clone(&self.0))
            .merge(assets())
    }
}

/// The claims of a person who is signed in, or the login page.
async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let now = app.config.clock.now();
    match cookie_of(&headers, SESSION_COOKIE).and_then(|cookie| app.sessions.get(&cookie, now)) {
        Some(person) => page::account(&person),
        None => app.login_page(&headers, false, None),
    }
}

impl App {
    /// The login page, for a browser that is known from here on.
    pub(super) fn login_page(&self, headers: &HeaderMap, switch_account: bool, problem: Option<&str>) -> Response {
        let answer = page::login(switch_account, problem);
        if cookie_of(headers, BROWSER_COOKIE).is_some_and(|cookie| !cookie.is_empty()) {
            return answer;
        }
        let browser = random_token(&*self.config.ids);
        with_cookies(answer, [set_cookie(BROWSER_COOKIE, &browser, BROWSER_LIFETIME)])
    }

    pub(super) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.config.base_url)
    }
}
