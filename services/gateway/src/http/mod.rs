//! One file an operation: its errors, its rules, its handler.

mod acs;
mod authorize;
mod body;
mod discovery;
mod jwks;
mod organization;
mod service_provider;
mod style;
mod token;
mod userinfo;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware::map_response_with_state,
    response::Response,
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
pub fn router(gateway: Gateway) -> Router {
    Router::new()
        .route(ProviderMetadata::PATH, get(discovery::discovery))
        .route(ProviderMetadata::JWKS_PATH, get(jwks::jwks))
        .route(ProviderMetadata::AUTHORIZE_PATH, get(authorize::authorize))
        .route("/oauth2/organization", post(organization::organization))
        .route(ProviderMetadata::TOKEN_PATH, post(token::token))
        .route(ProviderMetadata::USERINFO_PATH, get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/saml/{connection}/metadata", get(service_provider::metadata))
        .route("/saml/{connection}/acs", post(acs::acs))
        .route("/assets/style.css", get(style::style))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(GlobalConcurrencyLimitLayer::new(REQUESTS_IN_FLIGHT_MAX))
        // Outside of the concurrency limit, so that waiting for a place counts.
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(map_response_with_state(gateway.clone(), secure))
        .with_state(gateway)
}

async fn secure(State(gateway): State<Gateway>, response: Response) -> Response {
    page::secure(response, &gateway.security)
}
