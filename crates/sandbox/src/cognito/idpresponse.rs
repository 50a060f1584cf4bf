use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use serde_json::Value;

use super::{
    authorize::error_redirect,
    config::{Guard, OidcProvider},
    finish,
    guard::{GuardError, after},
    mapping::{self, MappingError},
    page,
    pool::Pool,
    profile::{Identity, Profile, ProfileError},
    request::{AppRequest, Session, Waiting},
    upstream::{self, Redeemed},
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
    let redeemed = match upstream::redeem(&pool, provider, code).await {
        Ok(redeemed) => redeemed,
        Err(error) => {
            tracing::warn!(error = %vestibule_kernel::Chain(&error), "simulated Cognito: the provider failed");
            return error_redirect(&request, "invalid_request", &error.description(provider));
        }
    };
    accept(&pool, provider, &request, &redeemed).await
}

/// The identity is proven: update or create the profile, and answer the application.
async fn accept(pool: &Pool, provider: &OidcProvider, request: &AppRequest, redeemed: &Redeemed) -> Response {
    match write(pool, provider, request, redeemed).await {
        Ok((session, profile)) => finish::by_sign_in(pool, request, session, &profile).await,
        Err(error) => error_redirect(request, "invalid_request", &error.to_string()),
    }
}

/// Why nothing comes of a proven identity.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// The triggers run in the documented order: inbound federation, and then for a new user sign-up and confirmation, for a
/// known one authentication. Whether the trigger before authentication sees what this sign-in changes is not documented;
/// here it does not.
async fn write(
    pool: &Pool,
    provider: &OidcProvider,
    request: &AppRequest,
    redeemed: &Redeemed,
) -> Result<(Session, Profile), WriteError> {
    let (now, client_id) = (pool.clock.now(), request.client_id.as_str());
    let subject = redeemed.id_token.get("sub").and_then(Value::as_str).unwrap_or_default();
    let identity = Identity::new(&provider.name, subject, now)?;
    let user_name = identity.username();
    let claims = pool.inbound_federation(provider, client_id, &user_name, redeemed).await?;
    let update = mapping::update(&provider.attribute_mapping, &claims)?;
    let known = pool.directory.find(&user_name);
    match &known {
        None => pool.pre_sign_up("PreSignUp_ExternalProvider", client_id, &user_name, &update).await?,
        Some(known) => {
            pool.about(Guard::PreAuthentication, "PreAuthentication_Authentication", client_id, known).await?;
        }
    }
    let group = format!("{}_{}", pool.config.pool_id, provider.name);
    let required = &pool.config.required_attributes;
    let profile = pool.directory.federated(identity, update, group, || pool.ids.uuid_v4(), required)?;
    let (guard, source) = after(known.is_some());
    pool.about(guard, source, client_id, &profile).await?;
    let (provider, client_id) = (provider.name.clone(), request.client_id.clone());
    let session = Session { username: profile.username.clone(), provider, client_id, authenticated_at: now };
    Ok((session, profile))
}
