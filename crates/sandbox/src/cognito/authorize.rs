use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};

use super::{
    finish, page,
    pool::Pool,
    profile::Profile,
    request::{AppRequest, RequestError, Session, Waiting},
    state, upstream,
};
use crate::web::{cookie_of, found, with_query};

/// The cookie that keeps the session of the domain.
pub(super) const SESSION_COOKIE: &str = "cognito";

/// `GET /oauth2/authorize`.
pub(super) async fn authorize(
    State(pool): State<Arc<Pool>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let request = match AppRequest::read(&pool.config, &query) {
        Ok(request) => request,
        Err(error) => return refuse(error),
    };
    if let Some((session, profile)) = pool.session(&headers)
        && request.answered_by(&session)
    {
        return finish::by_session(&pool, &request, &session, &profile).await;
    }
    if request.prompts("none") {
        // Never reaches the provider.
        return error_redirect(&request, "login_required", "there is no session");
    }
    if request.is_native() {
        return found(&format!("/login?{query}"));
    }
    begin(&pool, request).await
}

/// Sends the browser to the provider.
async fn begin(pool: &Pool, request: AppRequest) -> Response {
    let name = request.identity_provider.clone().unwrap_or_default();
    let Some(provider) = pool.config.provider(&name) else {
        return error_redirect(&request, "invalid_request", "there is no such identity provider");
    };
    let endpoints = match upstream::discover(pool, provider).await {
        Ok(endpoints) => endpoints,
        Err(error) => return error_redirect(&request, "invalid_request", &error.description(provider)),
    };
    let now = pool.clock.now();
    let state = state::opaque(&pool.config, &request, now, &*pool.ids);
    let address = upstream::authorize_url(&pool.config, provider, &endpoints, &request, &state);
    pool.waiting.put(state, Waiting { request, provider: name }, now);
    found(&address)
}

impl Pool {
    /// The session that the request's cookie names, with its profile.
    pub(super) fn session(&self, headers: &HeaderMap) -> Option<(Session, Profile)> {
        let session = self.sessions.get(&cookie_of(headers, SESSION_COOKIE)?, self.clock.now())?;
        let profile = self.directory.find(&session.username)?;
        Some((session, profile))
    }
}

pub(super) fn refuse(error: RequestError) -> Response {
    match error {
        RequestError::Page(problem) => page::problem(problem),
        RequestError::Redirect { redirect_uri, state, error, description } => {
            error_to(&redirect_uri, state.as_deref(), error, description)
        }
    }
}

/// Tells the application (RFC 6749 section 4.1.2.1).
pub(super) fn error_redirect(request: &AppRequest, error: &str, description: &str) -> Response {
    error_to(&request.redirect_uri, request.state.as_deref(), error, description)
}

fn error_to(redirect_uri: &str, state: Option<&str>, error: &str, description: &str) -> Response {
    let parameters = [("error_description", description)].into_iter();
    let parameters = parameters.chain(state.map(|state| ("state", state))).chain([("error", error)]);
    found(&with_query(redirect_uri, parameters))
}
