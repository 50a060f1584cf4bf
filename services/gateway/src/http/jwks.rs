use axum::{extract::State, http::HeaderMap, response::Response};

use crate::gateway::Gateway;

/// The JWK set (RFC 7517 section 5), from memory: Cognito asks for it with every ID token. As `application/json`, which
/// every relying party takes, and not as the media type of its own that RFC 7517 section 8.5.2 would prefer.
#[tracing::instrument(name = "gateway.jwks", skip_all)]
pub(super) async fn jwks(State(gateway): State<Gateway>, headers: HeaderMap) -> Response {
    gateway.keyring.published().jwks.respond(&headers, "application/json")
}
