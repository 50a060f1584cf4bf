use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use vestibule_rpc::provisioning::v1::AuthenticateRequest;
use vestibule_scim::{ListResponse, ResourceType, discovery};

use super::answer;
use crate::{failure::Failure, limit::PAGE_MAX, start::Edge};

/// The base URL, for a directory whose token is good: nobody else learns that it is there.
async fn base(edge: &Edge, directory: &str, headers: &HeaderMap) -> Result<String, Failure> {
    let asked = edge.asked(directory, headers)?;
    let admitted = asked.admitted();
    let answered = edge.registry().authenticate(AuthenticateRequest { access: Some(asked.access) }).await;
    edge.learned(admitted, answered)?;
    Ok(edge.base(directory))
}

pub(super) async fn service_provider_config(
    State(edge): State<Edge>,
    Path(directory): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, &headers).await?;
    Ok(answer(StatusCode::OK, &discovery::service_provider_config(&base, PAGE_MAX as usize)))
}

pub(super) async fn resource_types(
    State(edge): State<Edge>,
    Path(directory): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, &headers).await?;
    let all = ResourceType::ALL.map(|resource_type| discovery::resource_type(&base, resource_type)).to_vec();
    Ok(list(all))
}

pub(super) async fn resource_type(
    State(edge): State<Edge>,
    Path((directory, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, &headers).await?;
    let found = ResourceType::ALL.into_iter().find(|resource_type| resource_type.name() == id);
    let found = found.ok_or(Failure::NotFound)?;
    Ok(answer(StatusCode::OK, &discovery::resource_type(&base, found)))
}

pub(super) async fn schemas(
    State(edge): State<Edge>,
    Path(directory): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, &headers).await?;
    Ok(list(ResourceType::ALL.map(|resource_type| discovery::schema(&base, resource_type)).to_vec()))
}

pub(super) async fn schema(
    State(edge): State<Edge>,
    Path((directory, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let base = base(&edge, &directory, &headers).await?;
    let found = ResourceType::ALL.into_iter().find(|resource_type| resource_type.urn().eq_ignore_ascii_case(&id));
    let found = found.ok_or(Failure::NotFound)?;
    Ok(answer(StatusCode::OK, &discovery::schema(&base, found)))
}

fn list(resources: Vec<serde_json::Value>) -> Response {
    let total = resources.len() as u64;
    answer(StatusCode::OK, &ListResponse::page(resources, 1, total))
}
