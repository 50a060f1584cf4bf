use axum::{
    body::{Body, to_bytes},
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde_json::{Value, json};
use vestibule_rpc::provisioning::v1::{
    CreateResourceRequest, DeleteResourceRequest, GetResourceRequest, ListResourcesRequest, PatchResourceRequest,
    ReplaceResourceRequest, Resource, ResourceType as PbType,
};
use vestibule_scim::{Document, ListResponse, Projection, ResourceType};

use super::{
    answer,
    request::{Query, has_already, if_match},
};
use crate::{failure::Failure, limit::BODY_BYTES_MAX, start::Edge};

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

/// One request.
struct Call {
    edge: Edge,
    resource_type: ResourceType,
    directory: String,
    headers: HeaderMap,
}

impl Call {
    async fn list(self, query: Option<&str>) -> Result<Response, Failure> {
        let asked = self.edge.asked(&self.directory, &self.headers)?;
        let query = Query::read(query)?;
        let projection = self.projection(&query)?;
        let admitted = asked.admitted();
        let request = ListResourcesRequest {
            access: Some(asked.access),
            r#type: self.kind().into(),
            filter: query.filter.unwrap_or_default(),
            start_index: query.start_index,
            count: query.count,
            without_members: !projection.wants("members"),
        };
        let listed = self.edge.learned(admitted, self.edge.registry().list_resources(request).await)?;
        let resources: Result<Vec<Document>, Failure> =
            listed.resources.iter().map(|resource| self.shown(resource, &projection)).collect();
        let page = ListResponse::page(resources?, query.start_index.into(), listed.total_results.into());
        Ok(answer(StatusCode::OK, &page))
    }

    async fn create(self, query: Option<&str>, body: Body) -> Result<Response, Failure> {
        let asked = self.edge.asked_with_body(&self.directory, &self.headers).await?;
        let projection = self.projection(&Query::read(query)?)?;
        let json = self.body(body).await?;
        let admitted = asked.admitted();
        let request = CreateResourceRequest { access: Some(asked.access), r#type: self.kind().into(), json };
        let created = self.edge.learned(admitted, self.edge.registry().create_resource(request).await)?;
        self.resource(StatusCode::CREATED, created.resource, &projection)
    }

    async fn get(self, id: String, query: Option<&str>) -> Result<Response, Failure> {
        let asked = self.edge.asked(&self.directory, &self.headers)?;
        let projection = self.projection(&Query::read(query)?)?;
        let admitted = asked.admitted();
        let request = GetResourceRequest { access: Some(asked.access), r#type: self.kind().into(), id };
        let found = self.edge.learned(admitted, self.edge.registry().get_resource(request).await)?;
        let response = self.resource(StatusCode::OK, found.resource.clone(), &projection)?;
        let etag = found.resource.map(|resource| resource.etag).unwrap_or_default();
        if has_already(&self.headers, &etag) {
            let etag = response.headers().get(header::ETAG).cloned();
            let mut unchanged = StatusCode::NOT_MODIFIED.into_response();
            unchanged.headers_mut().extend(etag.map(|etag| (header::ETAG, etag)));
            return Ok(unchanged);
        }
        Ok(response)
    }

    async fn replace(self, id: String, query: Option<&str>, body: Body) -> Result<Response, Failure> {
        let asked = self.edge.asked_with_body(&self.directory, &self.headers).await?;
        let (projection, etag) = (self.projection(&Query::read(query)?)?, if_match(&self.headers)?);
        let json = self.body(body).await?;
        let admitted = asked.admitted();
        let request = ReplaceResourceRequest { access: Some(asked.access), r#type: self.kind().into(), id, json, etag };
        let replaced = self.edge.learned(admitted, self.edge.registry().replace_resource(request).await)?;
        self.resource(StatusCode::OK, replaced.resource, &projection)
    }

    async fn patch(self, id: String, query: Option<&str>, body: Body) -> Result<Response, Failure> {
        let asked = self.edge.asked_with_body(&self.directory, &self.headers).await?;
        let (projection, etag) = (self.projection(&Query::read(query)?)?, if_match(&self.headers)?);
        let json = self.body(body).await?;
        let admitted = asked.admitted();
        let request = PatchResourceRequest { access: Some(asked.access), r#type: self.kind().into(), id, json, etag };
        let patched = self.edge.learned(admitted, self.edge.registry().patch_resource(request).await)?;
        self.resource(StatusCode::OK, patched.resource, &projection)
    }

    async fn delete(self, id: String) -> Result<Response, Failure> {
        let asked = self.edge.asked(&self.directory, &self.headers)?;
        let etag = if_match(&self.headers)?;
        let admitted = asked.admitted();
        let request = DeleteResourceRequest { access: Some(asked.access), r#type: self.kind().into(), id, etag };
        self.edge.learned(admitted, self.edge.registry().delete_resource(request).await)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    const fn kind(&self) -> PbType {
        match self.resource_type {
            ResourceType::User => PbType::User,
            ResourceType::Group => PbType::Group,
        }
    }

    fn projection(&self, query: &Query) -> Result<Projection, Failure> {
        let (attributes, excluded) = (query.attributes.as_deref(), query.excluded_attributes.as_deref());
        Ok(Projection::parse(self.resource_type, attributes, excluded)?)
    }

    /// The body as text; what it says is for the registry to read.
    async fn body(&self, body: Body) -> Result<String, Failure> {
        let media_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !["application/scim+json", "application/json"].iter().any(|known| known.eq_ignore_ascii_case(essence)) {
            return Err(Failure::MediaType);
        }
        let bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Failure::TooLarge)?;
        String::from_utf8(bytes.into()).map_err(|_| Failure::Refused(vestibule_scim::Refusal::NotJson))
    }

    fn resource(
        &self,
        status: StatusCode,
        resource: Option<Resource>,
        projection: &Projection,
    ) -> Result<Response, Failure> {
        let resource = resource.ok_or(Failure::OffContract)?;
        let mut response = answer(status, &self.shown(&resource, projection)?);
        let headers = response.headers_mut();
        let etag = HeaderValue::from_str(&format!("W/\"{}\"", resource.etag)).map_err(|_| Failure::OffContract)?;
        let location = HeaderValue::from_str(&self.location(self.resource_type, &resource.id));
        headers.insert(header::ETAG, etag);
        if status == StatusCode::CREATED {
            headers.insert(header::LOCATION, location.map_err(|_| Failure::OffContract)?);
        }
        Ok(response)
    }

    /// A resource with the addresses that it has here, and of its attributes those that are asked for.
    fn shown(&self, resource: &Resource, projection: &Projection) -> Result<Document, Failure> {
        let Ok(Value::Object(mut document)) = serde_json::from_str(&resource.json) else {
            return Err(Failure::OffContract);
        };
        if let Some(meta) = document.get_mut("meta").and_then(Value::as_object_mut) {
            meta.insert("location".to_owned(), json!(self.location(self.resource_type, &resource.id)));
        }
        for (attribute, to) in [("groups", ResourceType::Group), ("members", ResourceType::User)] {
            let values = document.get_mut(attribute).and_then(Value::as_array_mut);
            for value in values.into_iter().flatten().filter_map(Value::as_object_mut) {
                let Some(location) = value.get("value").and_then(Value::as_str).map(|id| self.location(to, id)) else {
                    continue;
                };
                value.insert("$ref".to_owned(), json!(location));
                if attribute == "members" {
                    value.insert("type".to_owned(), json!("User"));
                }
            }
        }
        projection.apply(self.resource_type, &mut document);
        Ok(document)
    }

    fn location(&self, resource_type: ResourceType, id: &str) -> String {
        format!("{}{}/{id}", self.edge.base(&self.directory), resource_type.endpoint())
    }
}
