//! The routes, under `/scim/v2/{directory}`.

mod discovery;
mod outgoing;
mod request;
mod resource;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde::Serialize;
use vestibule_scim::ResourceType;

use crate::{failure::Failure, limit::BODY_BYTES_MAX, start::Edge};

/// The media type of every answer (RFC 7644 section 3.1).
const SCIM_JSON: &str = "application/scim+json";

/// Every HTTP route of the edge.
pub(crate) fn router(edge: Edge) -> Router {
    let mut router = Router::new()
        .route("/scim/v2/{directory}/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/scim/v2/{directory}/ResourceTypes", get(discovery::resource_types))
        .route("/scim/v2/{directory}/ResourceTypes/{id}", get(discovery::resource_type))
        .route("/scim/v2/{directory}/Schemas", get(discovery::schemas))
        .route("/scim/v2/{directory}/Schemas/{id}", get(discovery::schema))
        .route("/scim/v2/{directory}/Bulk", any(async || Failure::NotImplemented))
        .route("/scim/v2/{directory}/Me", any(async || Failure::NotImplemented))
        .route("/scim/v2/{directory}/.search", resource::search_all());
    for resource_type in ResourceType::ALL {
        let all = format!("/scim/v2/{{directory}}{}", resource_type.endpoint());
        let one = format!("{all}/{{id}}");
        let search = format!("{all}/.search");
        router = router
            .route(&all, resource::all(resource_type))
            .route(&one, resource::one(resource_type))
            .route(&search, resource::search(resource_type));
    }
    router
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        .route("/scim/{*rest}", any(async || Failure::NotFound))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(outgoing::bounded))
        .with_state(edge)
}

/// An answer with a body. Nobody on the way may keep it: it is personal.
pub(crate) fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let Ok(body) = serde_json::to_vec(body) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(SCIM_JSON)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, body).into_response()
}
