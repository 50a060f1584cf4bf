use axum::{extract::State, http::HeaderMap, response::Response};

use crate::{gateway::Gateway, page};

/// The style sheet of the pages.
pub(super) async fn style(State(gateway): State<Gateway>, headers: HeaderMap) -> Response {
    page::style(&headers, &gateway.style)
}
