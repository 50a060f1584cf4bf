use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::gateway::Gateway;

/// The JWK set (RFC 7517 section 5), from memory: Cognito asks for it with every ID token. As `application/json`, which
/// every relying party takes, and not as the media type of its own that RFC 7517 section 8.5.2 would prefer.
#[tracing::instrument(name = "gateway.jwks", skip_all)]
pub(super) async fn jwks(State(gateway): State<Gateway>, headers: HeaderMap) -> Response {
    match gateway.keyring.current().await {
        Ok(published) => published.jwks.respond(&headers, "application/json"),
        // A set that is not known to be right is not served: it may name a key that was taken out.
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1"), (header::CACHE_CONTROL, "no-store")])
            .into_response(),
    }
}
