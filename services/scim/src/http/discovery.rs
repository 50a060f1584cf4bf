use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use vestibule_rpc::provisioning::v1::AuthenticateRequest;
use vestibule_scim::{ListResponse, ResourceType, discovery};

use super::{answer, request::Query};
use crate::{failure::Failure, limit::PAGE_MAX, start::Edge};

/// The base URL, for a directory whose token is good: nobody else learns that it is there.
async fn base(edge: &Edge, directory: &str, query: Option<&str>, headers: &HeaderMap) -> Result<String, Failure> {
    let asked = edge.asked(directory, headers).await?;
    let authenticate = AuthenticateRequest { access: Some(asked.access()) };
    asked.ask(edge.registry().authenticate(authenticate)).await?;
    // RFC 7644 section 4: so that nobody takes it for an answer to a filter.
    if Query::read(query)?.filter.is_some() {
        return Err(Failure::Forbidden);
    }
    Ok(asked.base())
}

pub(super) async fn service_provider_config(
    State(edge): State<Edge>,
    Path(directory): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, query.as_deref(), &headers).await?;
    Ok(answer(StatusCode::OK, &discovery::service_provider_config(&base, PAGE_MAX as usize)))
}

pub(super) async fn resource_types(
    State(edge): State<Edge>,
    Path(directory): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, query.as_deref(), &headers).await?;
    let all = ResourceType::ALL.map(|resource_type| discovery::resource_type(&base, resource_type)).to_vec();
    Ok(list(all))
}

pub(super) async fn resource_type(
    State(edge): State<Edge>,
    Path((directory, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, query.as_deref(), &headers).await?;
    let found = ResourceType::ALL.into_iter().find(|resource_type| resource_type.name() == id);
    let found = found.ok_or(Failure::NotFound)?;
    Ok(answer(StatusCode::OK, &discovery::resource_type(&base, found)))
}

pub(super) async fn schemas(
    State(edge): State<Edge>,
    Path(directory): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, query.as_deref(), &headers).await?;
    Ok(list(ResourceType::ALL.map(|resource_type| discovery::schema(&base, resource_type)).to_vec()))
}

pub(super) async fn schema(
    State(edge): State<Edge>,
    Path((directory, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, query.as_deref(), &headers).await?;
    let found = ResourceType::ALL.into_iter().find(|resource_type| resource_type.urn().eq_ignore_ascii_case(&id));
    let found = found.ok_or(Failure::NotFound)?;
    Ok(answer(StatusCode::OK, &discovery::schema(&base, found)))
}

fn list(resources: Vec<serde_json::Value>) -> Response {
    let total = resources.len() as u64;
    answer(StatusCode::OK, &ListResponse::page(resources, 1, total))
}
