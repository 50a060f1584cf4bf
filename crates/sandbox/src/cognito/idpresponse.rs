use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use serde_json::{Map, Value};

use super::{
    authorize::error_redirect,
    config::OidcProvider,
    finish, mapping, page,
    pool::Pool,
    profile::Identity,
    request::{AppRequest, Session, Waiting},
    upstream,
};
use crate::web::{pairs, text_of};

/// `GET /oauth2/idpresponse`: the provider has answered.
pub(super) async fn idpresponse(State(pool): State<Arc<Pool>>, RawQuery(query): RawQuery) -> Response {
    let fields = pairs(&query.unwrap_or_default());
    // The state must come back byte for byte, once, and within five minutes.
    let waiting = text_of(&fields, "state").and_then(|state| pool.waiting.take(state, pool.clock.now()));
    let Some(Waiting { request, provider }) = waiting else {
        return page::problem(
            "Something went wrong: the state is unknown, altered, used before or older than 5 minutes.",
        );
    };
    let Some(provider) = pool.config.provider(&provider) else {
        return page::problem("Something went wrong: there is no such identity provider.");
    };
    if let Some(error) = text_of(&fields, "error") {
        let said = text_of(&fields, "error_description").unwrap_or(error);
        return error_redirect(&request, error, &format!("{} Error - 400 {said}", provider.name));
    }
    let Some(code) = text_of(&fields, "code") else {
        return error_redirect(&request, "invalid_request", &format!("{} Error - no code", provider.name));
    };
    let claims = match upstream::redeem(&pool, provider, code).await {
        Ok(claims) => claims,
        Err(error) => {
            tracing::warn!(error = %vestibule_kernel::Chain(&error), "simulated Cognito: the provider failed");
            return error_redirect(&request, "invalid_request", &error.description(provider));
        }
    };
    accept(&pool, provider, &request, &claims).await
}

/// The identity is proven: update or create the profile, and answer the application.
async fn accept(pool: &Pool, provider: &OidcProvider, request: &AppRequest, claims: &Map<String, Value>) -> Response {
    let now = pool.clock.now();
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let identity = match Identity::new(&provider.name, subject, now) {
        Ok(identity) => identity,
        Err(error) => return error_redirect(request, "invalid_request", &error.to_string()),
    };
    let update = match mapping::update(&provider.attribute_mapping, claims) {
        Ok(update) => update,
        Err(error) => return error_redirect(request, "invalid_request", &error.to_string()),
    };
    let group = format!("{}_{}", pool.config.pool_id, provider.name);
    let profile =
        pool.directory.federated(identity, update, group, || pool.ids.uuid_v4(), &pool.config.required_attributes);
    let profile = match profile {
        Ok(profile) => profile,
        Err(error) => return error_redirect(request, "invalid_request", &error.to_string()),
    };
    let session = Session {
        username: profile.username.clone(),
        provider: provider.name.clone(),
        client_id: request.client_id.clone(),
        authenticated_at: now,
    };
    finish::by_sign_in(pool, request, session, &profile).await
}
