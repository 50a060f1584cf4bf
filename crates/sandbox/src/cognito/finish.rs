use axum::response::Response;
use serde_json::Value;

use super::{
    LambdaVersion,
    authorize::{SESSION_COOKIE, error_redirect},
    event::{self, Source},
    grant::{Grant, SignIn},
    overriding::{Overriding, OverridingError},
    pool::{Pool, SESSION_LIFETIME},
    profile::Profile,
    request::{AppRequest, Session},
    trigger::{TRIGGER_TIMEOUT, TriggerError},
};
use crate::web::{found, random_token, set_cookie, with_cookies, with_query};

/// No token can be made. The texts go to the application whole, so they hold what caused them.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenGenerationError {
    #[error("PreTokenGeneration failed with error {0}.")]
    Failed(TriggerError),
    #[error("{0}")]
    Answer(OverridingError),
}

/// Answers the application after a sign-in, and remembers the session in a cookie.
pub(super) async fn by_sign_in(pool: &Pool, request: &AppRequest, session: Session, profile: &Profile) -> Response {
    let answer = answer(pool, request, &session, profile).await;
    let cookie = random_token(&*pool.ids);
    pool.sessions.put(cookie.clone(), session, pool.clock.now());
    with_cookies(answer, [set_cookie(SESSION_COOKIE, &cookie, SESSION_LIFETIME)])
}

/// Answers the application out of the session: the provider hears nothing of it, and the session's hour is not prolonged.
pub(super) async fn by_session(pool: &Pool, request: &AppRequest, session: &Session, profile: &Profile) -> Response {
    answer(pool, request, session, profile).await
}

async fn answer(pool: &Pool, request: &AppRequest, session: &Session, profile: &Profile) -> Response {
    // Only this trigger runs in every case: first and later sign-ins, session and refresh.
    let sign_in = SignIn {
        client_id: request.client_id.clone(),
        scopes: request.scopes.clone(),
        authenticated_at: session.authenticated_at,
        origin_jti: pool.ids.uuid_v4().to_string(),
        event_id: pool.ids.uuid_v4().to_string(),
    };
    let overriding = match pool.generate_tokens(Source::HostedAuth, &sign_in, profile).await {
        Ok(overriding) => overriding,
        Err(error) => return error_redirect(request, "invalid_request", &error.to_string()),
    };
    // Without a nonce of the application, Cognito invents one for federated people. It stands in the ID token.
    let nonce = request.nonce.clone().or_else(|| profile.identity.as_ref().map(|_| random_token(&*pool.ids)));
    let grant = Grant {
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        nonce,
        sign_in,
        profile: profile.clone(),
        overriding,
    };
    let code = pool.ids.uuid_v4().to_string();
    pool.codes.put(code.clone(), grant, pool.clock.now());
    let state = request.state.as_deref().map(|state| ("state", state));
    found(&with_query(&request.redirect_uri, [("code", code.as_str())].into_iter().chain(state)))
}

impl Pool {
    /// Runs the pre token generation trigger.
    pub(super) async fn generate_tokens(
        &self,
        source: Source,
        sign_in: &SignIn,
        profile: &Profile,
    ) -> Result<Overriding, TokenGenerationError> {
        let event = event::pre_token_generation(&self.config, source, &sign_in.client_id, profile, &sign_in.scopes);
        self.overriding(event).await
    }

    /// The same for a client's own token.
    pub(super) async fn generate_client_token(
        &self,
        client_id: &str,
        scopes: &[String],
    ) -> Result<Overriding, TokenGenerationError> {
        if self.config.lambda_config.pre_token_generation != LambdaVersion::V3 {
            return Ok(Overriding::default());
        }
        self.overriding(event::client_credentials(&self.config, client_id, scopes)).await
    }

    async fn overriding(&self, event: Value) -> Result<Overriding, TokenGenerationError> {
        let answer = tokio::time::timeout(TRIGGER_TIMEOUT, self.trigger.invoke(event)).await;
        let answer = answer.unwrap_or(Err(TriggerError::Timeout)).map_err(TokenGenerationError::Failed)?;
        Overriding::read(self.config.lambda_config.pre_token_generation, &answer).map_err(TokenGenerationError::Answer)
    }
}
