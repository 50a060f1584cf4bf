use axum::{extract::State, http::HeaderMap, response::Response};

use crate::gateway::Gateway;

/// The discovery document (OpenID Connect Discovery 1.0 section 4), from memory.
#[tracing::instrument(name = "gateway.discovery", skip_all)]
pub(super) async fn discovery(State(gateway): State<Gateway>, headers: HeaderMap) -> Response {
    gateway.discovery.respond(&headers, "application/json")
}
