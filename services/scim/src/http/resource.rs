use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use serde_json::{Value, json};
use vestibule_rpc::provisioning::v1::{
    CreateResourceRequest, DeleteResourceRequest, GetResourceRequest, ListResourcesRequest, PatchResourceRequest,
    ReplaceResourceRequest, Resource, ResourceType as PbType,
};
use vestibule_scim::{Document, ListResponse, Projection, ResourceType, Search, read};

use super::{
    answer,
    outgoing::kept_place,
    request::{Asked, Query, has_already, if_match},
};
use crate::{failure::Failure, start::Edge};

/// All resources of a type: list and create.
pub(super) fn all(resource_type: ResourceType) -> MethodRouter<Edge> {
    get(
        move |State(edge): State<Edge>, Path(directory): Path<String>, RawQuery(query), headers: HeaderMap| async move {
            Call { edge, resource_type, directory, headers }.list(query.as_deref()).await
        },
    )
    .post(
        move |State(edge): State<Edge>,
              Path(directory): Path<String>,
              RawQuery(query),
              headers: HeaderMap,
              body: Body| async move {
            Call { edge, resource_type, directory, headers }.create(query.as_deref(), body).await
        },
    )
}

/// One resource: get, replace, change, delete.
pub(super) fn one(resource_type: ResourceType) -> MethodRouter<Edge> {
    get(
        move |State(edge): State<Edge>,
              Path((directory, id)): Path<(String, String)>,
              RawQuery(query),
              headers: HeaderMap| async move {
            Call { edge, resource_type, directory, headers }.get(id, query.as_deref()).await
        },
    )
    .put(
        move |State(edge): State<Edge>,
              Path((directory, id)): Path<(String, String)>,
              RawQuery(query),
              headers: HeaderMap,
              body: Body| async move {
            Call { edge, resource_type, directory, headers }.replace(id, query.as_deref(), body).await
        },
    )
    .patch(
        move |State(edge): State<Edge>,
              Path((directory, id)): Path<(String, String)>,
              RawQuery(query),
              headers: HeaderMap,
              body: Body| async move {
            Call { edge, resource_type, directory, headers }.patch(id, query.as_deref(), body).await
        },
    )
    .delete(
        move |State(edge): State<Edge>, Path((directory, id)): Path<(String, String)>, headers: HeaderMap| async move {
            Call { edge, resource_type, directory, headers }.delete(id).await
        },
    )
}

/// Searching among all resources of a type by POST (RFC 7644 section 3.4.3).
pub(super) fn search(resource_type: ResourceType) -> MethodRouter<Edge> {
    post(move |State(edge): State<Edge>, Path(directory): Path<String>, headers: HeaderMap, body: Body| async move {
        searched(edge, &directory, &headers, body, &[resource_type]).await
    })
}

/// The same among all resources there are.
pub(super) fn search_all() -> MethodRouter<Edge> {
    post(|State(edge): State<Edge>, Path(directory): Path<String>, headers: HeaderMap, body: Body| async move {
        searched(edge, &directory, &headers, body, &ResourceType::ALL).await
    })
}

async fn searched(
    edge: Edge,
    directory: &str,
    headers: &HeaderMap,
    body: Body,
    among: &[ResourceType],
) -> Result<Response, Failure> {
    let asked = edge.asked(directory, headers).await?;
    let said = read(asked.body(headers, body).await?.as_bytes())?;
    let query = Query::of(Search::parse(&said)?);
    listed(&edge, &asked, &query, among).await
}

/// One page of what is found among resources of these types, those of the first one first.
async fn listed(edge: &Edge, asked: &Asked, query: &Query, among: &[ResourceType]) -> Result<Response, Failure> {
    let (mut page, mut total, mut refused) = (Vec::new(), 0_u32, None);
    let mut is_understood = false;
    for &resource_type in among {
        let projection = projection(resource_type, query)?;
        let found = u32::try_from(page.len()).unwrap_or(u32::MAX);
        // A page that has ended ends: what is left out is on the next one.
        let is_open = query.start_index.saturating_add(found) > total;
        let request = ListResourcesRequest {
            access: Some(asked.access()),
            r#type: kind(resource_type).into(),
            filter: query.filter.clone().unwrap_or_default(),
            start_index: if found > 0 { 1 } else { query.start_index.saturating_sub(total).max(1) },
            count: if is_open { query.count.saturating_sub(found) } else { 0 },
            without_members: !projection.wants("members"),
        };
        match asked.ask(edge.registry().list_resources(request)).await {
            Ok(listed) => {
                is_understood = true;
                total = total.saturating_add(listed.total_results);
                for resource in &listed.resources {
                    page.push(shown(asked, resource_type, resource, &projection)?);
                }
            }
            // An attribute that one type does not have finds nothing among it.
            Err(failure) if among.len() > 1 && failure.is_about_the_filter() => refused = Some(failure),
            Err(failure) => return Err(failure),
        }
    }
    match refused {
        Some(failure) if !is_understood => Err(failure),
        _ => {
            let page = ListResponse::page(page, query.start_index.into(), total.into());
            Ok(kept_place(answer(StatusCode::OK, &page), asked))
        }
    }
}

/// One request.
struct Call {
    edge: Edge,
    resource_type: ResourceType,
    directory: String,
    headers: HeaderMap,
}

impl Call {
    async fn list(self, query: Option<&str>) -> Result<Response, Failure> {
        let asked = self.asked().await?;
        listed(&self.edge, &asked, &Query::read(query)?, &[self.resource_type]).await
    }

    async fn create(self, query: Option<&str>, body: Body) -> Result<Response, Failure> {
        let asked = self.asked().await?;
        let projection = projection(self.resource_type, &Query::read(query)?)?;
        let json = asked.body(&self.headers, body).await?;
        let request = CreateResourceRequest { access: Some(asked.access()), r#type: self.kind(), json };
        let created = asked.ask(self.edge.registry().create_resource(request)).await?;
        self.resource(&asked, StatusCode::CREATED, created.resource, &projection)
    }

    async fn get(self, id: String, query: Option<&str>) -> Result<Response, Failure> {
        let asked = self.asked().await?;
        let projection = projection(self.resource_type, &Query::read(query)?)?;
        let request = GetResourceRequest { access: Some(asked.access()), r#type: self.kind(), id };
        let found = asked.ask(self.edge.registry().get_resource(request)).await?;
        let etag = found.resource.as_ref().map(|resource| resource.etag.clone()).unwrap_or_default();
        let response = self.resource(&asked, StatusCode::OK, found.resource, &projection)?;
        if has_already(&self.headers, &etag) {
            let etag = response.headers().get(header::ETAG).cloned();
            let mut unchanged = StatusCode::NOT_MODIFIED.into_response();
            unchanged.headers_mut().extend(etag.map(|etag| (header::ETAG, etag)));
            return Ok(unchanged);
        }
        Ok(response)
    }

    async fn replace(self, id: String, query: Option<&str>, body: Body) -> Result<Response, Failure> {
        let asked = self.asked().await?;
        let (projection, etag) = (projection(self.resource_type, &Query::read(query)?)?, if_match(&self.headers)?);
        let json = asked.body(&self.headers, body).await?;
        let request = ReplaceResourceRequest { access: Some(asked.access()), r#type: self.kind(), id, json, etag };
        let replaced = asked.ask(self.edge.registry().replace_resource(request)).await?;
        self.resource(&asked, StatusCode::OK, replaced.resource, &projection)
    }

    async fn patch(self, id: String, query: Option<&str>, body: Body) -> Result<Response, Failure> {
        let asked = self.asked().await?;
        let (projection, etag) = (projection(self.resource_type, &Query::read(query)?)?, if_match(&self.headers)?);
        let json = asked.body(&self.headers, body).await?;
        let request = PatchResourceRequest { access: Some(asked.access()), r#type: self.kind(), id, json, etag };
        let patched = asked.ask(self.edge.registry().patch_resource(request)).await?;
        self.resource(&asked, StatusCode::OK, patched.resource, &projection)
    }

    async fn delete(self, id: String) -> Result<Response, Failure> {
        let asked = self.asked().await?;
        let etag = if_match(&self.headers)?;
        let request = DeleteResourceRequest { access: Some(asked.access()), r#type: self.kind(), id, etag };
        asked.ask(self.edge.registry().delete_resource(request)).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    async fn asked(&self) -> Result<Asked, Failure> {
        self.edge.asked(&self.directory, &self.headers).await
    }

    fn kind(&self) -> i32 {
        kind(self.resource_type).into()
    }

    fn resource(
        &self,
        asked: &Asked,
        status: StatusCode,
        resource: Option<Resource>,
        projection: &Projection,
    ) -> Result<Response, Failure> {
        let resource = resource.ok_or(Failure::OffContract)?;
        let document = shown(asked, self.resource_type, &resource, projection)?;
        let mut response = kept_place(answer(status, &document), asked);
        let headers = response.headers_mut();
        let etag = HeaderValue::from_str(&format!("W/\"{}\"", resource.etag)).map_err(|_| Failure::OffContract)?;
        let location = HeaderValue::from_str(&location(&asked.base(), self.resource_type, &resource.id));
        headers.insert(header::ETAG, etag);
        if status == StatusCode::CREATED {
            headers.insert(header::LOCATION, location.map_err(|_| Failure::OffContract)?);
        }
        Ok(response)
    }
}

const fn kind(resource_type: ResourceType) -> PbType {
    match resource_type {
        ResourceType::User => PbType::User,
        ResourceType::Group => PbType::Group,
    }
}

fn projection(resource_type: ResourceType, query: &Query) -> Result<Projection, Failure> {
    let (attributes, excluded) = (query.attributes.as_deref(), query.excluded_attributes.as_deref());
    Ok(Projection::parse(resource_type, attributes, excluded)?)
}

/// A resource with the addresses that it has here, and of its attributes those that are asked for.
fn shown(
    asked: &Asked,
    resource_type: ResourceType,
    resource: &Resource,
    projection: &Projection,
) -> Result<Document, Failure> {
    let Ok(Value::Object(mut document)) = serde_json::from_str(&resource.json) else {
        return Err(Failure::OffContract);
    };
    let base = asked.base();
    if let Some(meta) = document.get_mut("meta").and_then(Value::as_object_mut) {
        meta.insert("location".to_owned(), json!(location(&base, resource_type, &resource.id)));
    }
    for (attribute, to) in [("groups", ResourceType::Group), ("members", ResourceType::User)] {
        let values = document.get_mut(attribute).and_then(Value::as_array_mut);
        for value in values.into_iter().flatten().filter_map(Value::as_object_mut) {
            let Some(location) = value.get("value").and_then(Value::as_str).map(|id| location(&base, to, id)) else {
                continue;
            };
            value.insert("$ref".to_owned(), json!(location));
            if attribute == "members" {
                value.insert("type".to_owned(), json!("User"));
            }
        }
    }
    projection.apply(resource_type, &mut document);
    Ok(document)
}

fn location(base: &str, resource_type: ResourceType, id: &str) -> String {
    format!("{base}{}/{id}", resource_type.endpoint())
}
