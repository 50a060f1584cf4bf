//! One file an operation: its errors, its rules, its handler.

mod acs;
mod authorize;
mod body;
mod discovery;
mod end_session;
mod jwks;
mod organization;
mod service_provider;
mod slo;
mod style;
mod test_sign_in;
mod token;
mod userinfo;

use axum::{
    Router,
    body::HttpBody as _,
    extract::State,
    http::StatusCode,
    middleware::map_response_with_state,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use vestibule_oidc::ProviderMetadata;

use crate::{
    gateway::Gateway,
    limit::{REQUEST_TIMEOUT, REQUESTS_IN_FLIGHT_MAX},
    page,
};

/// Every HTTP route of the gateway. Health belongs to the server that serves them.
pub(crate) fn router(gateway: Gateway) -> Router {
    Router::new()
        .route(ProviderMetadata::PATH, get(discovery::discovery))
        .route(ProviderMetadata::JWKS_PATH, get(jwks::jwks))
        .route(ProviderMetadata::AUTHORIZE_PATH, get(authorize::authorize).post(authorize::posted))
        .route("/oauth2/organization", post(organization::organization).get(organization::visited))
        .route(ProviderMetadata::TOKEN_PATH, post(token::token))
        .route(ProviderMetadata::USERINFO_PATH, get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/saml/{connection}/metadata", get(service_provider::metadata))
        .route("/saml/{connection}/acs", post(acs::acs).get(acs::visited))
        .route("/saml/{connection}/slo", get(slo::redirected).post(slo::posted))
        .route(ProviderMetadata::END_SESSION_PATH, get(end_session::visited).post(end_session::posted))
        .route("/test-sign-in", get(test_sign_in::begin))
        .route("/assets/style.css", get(style::style))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(GlobalConcurrencyLimitLayer::new(REQUESTS_IN_FLIGHT_MAX))
        // Outside of the concurrency limit, so that waiting for a place counts.
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(map_response_with_state(gateway.clone(), secure))
        .with_state(gateway)
}

async fn secure(State(gateway): State<Gateway>, response: Response) -> Response {
    let is_bare =
        response.status() == StatusCode::SERVICE_UNAVAILABLE && response.body().size_hint().upper() == Some(0);
    let response = if is_bare { (StatusCode::SERVICE_UNAVAILABLE, BUSY).into_response() } else { response };
    page::secure(response, &gateway.security)
}

/// When the time is up without an answer, there is none for a page with a reference id either.
const BUSY: &str = "The service is too busy to answer. Please wait a minute and start again from the application.\n";
