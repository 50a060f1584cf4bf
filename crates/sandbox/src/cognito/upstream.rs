use std::sync::PoisonError;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use vestibule_kernel::ExposeSecret as _;

use super::{
    OidcProvider, PoolConfig,
    id_token::{self, IdTokenError},
    pool::Pool,
    request::AppRequest,
};
use crate::web::with_query;

/// Where a provider takes what: the part of its discovery document that Cognito reads.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Endpoints {
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
}

/// The provider did not do its part.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpstreamError {
    #[error("the discovery document cannot be read")]
    Discovery(#[source] reqwest::Error),
    #[error("the token endpoint does not answer")]
    TokenCall(#[source] reqwest::Error),
    #[error("the token endpoint answers {0}")]
    TokenStatus(StatusCode),
    #[error("the token endpoint's answer is not a token response")]
    TokenAnswer(#[source] reqwest::Error),
    #[error("the JWK set cannot be read")]
    Jwks(#[source] reqwest::Error),
    #[error("the ID token is refused")]
    IdToken(#[source] IdTokenError),
    #[error("the userinfo endpoint does not answer")]
    UserInfo(#[source] reqwest::Error),
    #[error("the userinfo is about somebody else than the ID token")]
    UserInfoSubject,
}

impl UpstreamError {
    /// The `error_description` that applications get. Real texts differ and change: nobody may depend on them.
    pub(super) fn description(&self, provider: &OidcProvider) -> String {
        let name = &provider.name;
        match self {
            Self::TokenCall(error) if error.is_timeout() => "Timeout occurred in calling IdP token endpoint".into(),
            Self::Jwks(error) if error.is_timeout() => "Timeout in calling jwks uri".into(),
            Self::TokenStatus(status) => format!("{name} Error - {} error getting token", status.as_u16()),
            Self::IdToken(error) => format!("{name} Error - bad id_token: {error}"),
            other => format!("{name} Error - {other}"),
        }
    }
}

/// The provider's endpoints; read once, because how often Cognito reads them again is not known.
pub(super) async fn discover(pool: &Pool, provider: &OidcProvider) -> Result<Endpoints, UpstreamError> {
    let known = pool.discovered.lock().unwrap_or_else(PoisonError::into_inner).get(&provider.name).cloned();
    if let Some(endpoints) = known {
        return Ok(endpoints);
    }
    let address = format!("{}/.well-known/openid-configuration", provider.issuer);
    let answer = pool.http.get(address).send().await.and_then(reqwest::Response::error_for_status);
    let endpoints: Endpoints =
        answer.map_err(UpstreamError::Discovery)?.json().await.map_err(UpstreamError::Discovery)?;
    let mut discovered = pool.discovered.lock().unwrap_or_else(PoisonError::into_inner);
    discovered.insert(provider.name.clone(), endpoints.clone());
    Ok(endpoints)
}

/// The request to the provider: five parameters in the order that was captured, `login_hint` and `prompt` when the
/// application sent them, and neither `nonce` nor PKCE.
pub(super) fn authorize_url(
    config: &PoolConfig,
    provider: &OidcProvider,
    endpoints: &Endpoints,
    request: &AppRequest,
    state: &str,
) -> String {
    let redirect_uri = config.redirect_uri();
    let prompt = request.prompt.join(" ");
    let mut parameters = vec![
        ("client_id", provider.client_id.as_str()),
        ("redirect_uri", redirect_uri.as_str()),
        ("scope", provider.authorize_scopes.as_str()),
        ("response_type", "code"),
        ("state", state),
    ];
    parameters.extend(request.login_hint.as_deref().map(|hint| ("login_hint", hint)));
    parameters.extend(Some(prompt.as_str()).filter(|prompt| !prompt.is_empty()).map(|prompt| ("prompt", prompt)));
    with_query(&endpoints.authorization_endpoint, parameters)
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
    access_token: String,
}

/// What a provider said of somebody.
pub(super) struct Redeemed {
    pub(super) access_token: String,
    pub(super) id_token: Map<String, Value>,
    pub(super) user_info: Map<String, Value>,
}

impl Redeemed {
    /// The claims of both; the ID token's win.
    pub(super) fn claims(&self) -> Map<String, Value> {
        let mut claims = self.user_info.clone();
        claims.extend(self.id_token.clone());
        claims
    }
}

/// Redeems the provider's code: token call, ID token, userinfo.
pub(super) async fn redeem(pool: &Pool, provider: &OidcProvider, code: &str) -> Result<Redeemed, UpstreamError> {
    let endpoints = discover(pool, provider).await?;
    let tokens = token_call(pool, provider, &endpoints, code).await?;
    // Fetched for each ID token, so a rotation is seen at once.
    let keys = pool.http.get(&endpoints.jwks_uri).send().await.and_then(reqwest::Response::error_for_status);
    let keys = keys.map_err(UpstreamError::Jwks)?.json().await.map_err(UpstreamError::Jwks)?;
    let id_token =
        id_token::verify(&tokens.id_token, &keys, provider, pool.clock.now()).map_err(UpstreamError::IdToken)?;
    let user_info = userinfo(pool, &endpoints, &tokens.access_token).await?;
    // OpenID Connect Core section 5.3.2: the sub of the userinfo must be the ID token's.
    if user_info.get("sub") != id_token.get("sub") {
        return Err(UpstreamError::UserInfoSubject);
    }
    Ok(Redeemed { access_token: tokens.access_token, id_token, user_info })
}

/// `client_secret_post`, the only way in which Cognito authenticates, without a `code_verifier`.
async fn token_call(
    pool: &Pool,
    provider: &OidcProvider,
    endpoints: &Endpoints,
    code: &str,
) -> Result<TokenAnswer, UpstreamError> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &pool.config.redirect_uri()),
        ("client_id", &provider.client_id),
        ("client_secret", provider.client_secret.expose_secret()),
    ];
    let answer =
        pool.http.post(&endpoints.token_endpoint).form(&form).send().await.map_err(UpstreamError::TokenCall)?;
    if !answer.status().is_success() {
        return Err(UpstreamError::TokenStatus(answer.status()));
    }
    answer.json().await.map_err(UpstreamError::TokenAnswer)
}

async fn userinfo(pool: &Pool, endpoints: &Endpoints, access_token: &str) -> Result<Map<String, Value>, UpstreamError> {
    let answer = pool.http.get(&endpoints.userinfo_endpoint).bearer_auth(access_token).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status).map_err(UpstreamError::UserInfo)?;
    answer.json().await.map_err(UpstreamError::UserInfo)
}
