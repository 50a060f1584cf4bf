use vestibule_kernel::Timestamp;

use super::{AppClient, PoolConfig, config::NATIVE};
use crate::web::{pairs, text_of};

/// What an application asks of `/oauth2/authorize`, checked.
#[derive(Clone, Debug)]
pub(super) struct AppRequest {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: Option<String>,
    pub(super) identity_provider: Option<String>,
    pub(super) login_hint: Option<String>,
    pub(super) prompt: Vec<String>,
}

/// A sign-in that is under way at a provider.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) request: AppRequest,
    pub(super) provider: String,
}

/// A session of the domain: who signed in, by which provider, for which client.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) username: String,
    pub(super) provider: String,
    pub(super) client_id: String,
    pub(super) authenticated_at: Timestamp,
}

/// Why a request of an application is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum RequestError {
    /// The application cannot be told: client or redirect URI are not known.
    Page(&'static str),
    /// The application is told.
    Redirect { redirect_uri: String, state: Option<String>, error: &'static str, description: &'static str },
}

impl AppRequest {
    /// Reads and checks the query of an authorize request.
    pub(super) fn read(config: &PoolConfig, query: &str) -> Result<Self, RequestError> {
        let fields = pairs(query);
        let text = |name| text_of(&fields, name).map(str::to_owned);
        let client = text("client_id").and_then(|client_id| config.client(&client_id));
        let client = client.ok_or(RequestError::Page("The client_id belongs to no app client of this user pool."))?;
        let redirect_uri = text("redirect_uri").filter(|uri| client.callback_urls.contains(uri));
        let redirect_uri =
            redirect_uri.ok_or(RequestError::Page("redirect_mismatch: the redirect_uri is not registered."))?;
        let state = text("state");
        let refused = |error, description| RequestError::Redirect {
            redirect_uri: redirect_uri.clone(),
            state: state.clone(),
            error,
            description,
        };
        if text("response_type").as_deref() != Some("code") {
            return Err(refused("unsupported_response_type", "only the authorization code grant is simulated"));
        }
        let scopes = scopes(client, text("scope")).ok_or_else(|| refused("invalid_scope", "a scope is not allowed"))?;
        let code_challenge = text("code_challenge");
        if code_challenge.is_some() && text("code_challenge_method").as_deref() != Some("S256") {
            return Err(refused("invalid_request", "code_challenge_method must be S256"));
        }
        let identity_provider = text("identity_provider");
        if identity_provider.as_ref().is_some_and(|name| !client.supported_providers.contains(name)) {
            return Err(refused("invalid_request", "the identity provider is not enabled for the app client"));
        }
        let prompt =
            text("prompt").unwrap_or_default().split(' ').filter(|each| !each.is_empty()).map(str::to_owned).collect();
        Ok(Self {
            client_id: client.client_id.clone(),
            nonce: text("nonce"),
            login_hint: text("login_hint"),
            redirect_uri,
            scopes,
            state,
            code_challenge,
            identity_provider,
            prompt,
        })
    }

    /// Whether the request asks for the value of `prompt` (OpenID Connect Core section 3.1.2.1).
    pub(super) fn prompts(&self, value: &str) -> bool {
        self.prompt.iter().any(|each| each == value)
    }

    /// Whether a session of the domain may answer the request without asking anybody.
    ///
    /// The hazard that this simulates: neither another `login_hint` nor another application state defeats it.
    pub(super) fn answered_by(&self, session: &Session) -> bool {
        let same_provider = self.identity_provider.as_ref().is_none_or(|provider| *provider == session.provider);
        let asks_again = ["login", "select_account", "consent"].iter().any(|value| self.prompts(value));
        session.client_id == self.client_id && same_provider && !asks_again
    }

    /// Whether the pool's own login page is wanted.
    pub(super) fn is_native(&self) -> bool {
        self.identity_provider.as_deref().is_none_or(|provider| provider == NATIVE)
    }
}

/// All of the client's scopes when none is asked for; `None` when one is not the client's.
fn scopes(client: &AppClient, asked: Option<String>) -> Option<Vec<String>> {
    let Some(asked) = asked else { return Some(client.scopes.clone()) };
    let asked: Vec<String> = asked.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    asked.iter().all(|scope| client.scopes.contains(scope)).then_some(asked)
}
