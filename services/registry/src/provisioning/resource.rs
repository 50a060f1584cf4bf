use serde_json::Value;
use tonic::{Request, Response, Status};
use vestibule_eventlog::Version;
use vestibule_rpc::{
    provisioning::v1::{
        self as pb, AuthenticateRequest, AuthenticateResponse, CreateResourceRequest, CreateResourceResponse,
        DeleteResourceRequest, DeleteResourceResponse, GetResourceRequest, GetResourceResponse, ListResourcesRequest,
        ListResourcesResponse, PatchResourceRequest, PatchResourceResponse, ReplaceResourceRequest,
        ReplaceResourceResponse, provisioning_service_server::ProvisioningService,
    },
    to_status,
};
use vestibule_scim::{Document, Filter, Patch, Refusal, ResourceType, read};

use super::{
    Inner, Provisioning,
    access::Access,
    error::Error,
    list::{PAGE_MAX, Query},
    render::Rendered,
};
use crate::ERROR_DOMAIN;

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands errors over by value")]
fn refused(error: Error) -> Status {
    to_status(ERROR_DOMAIN, &error)
}

fn type_of(resource_type: pb::ResourceType) -> Result<ResourceType, Error> {
    match resource_type {
        pb::ResourceType::User => Ok(ResourceType::User),
        pb::ResourceType::Group => Ok(ResourceType::Group),
        pb::ResourceType::Unspecified => Err(Error::NotFound),
    }
}

/// The version that the caller has seen. What we never gave out matches nothing.
fn etag(text: &str) -> Result<Option<Version>, Error> {
    match text {
        "" => Ok(None),
        text => text.parse().map(|version| Some(Version(version))).map_err(|_| Error::EtagMismatch),
    }
}

impl Inner {
    async fn get(&self, access: &Access, resource_type: ResourceType, id: &str) -> Result<Rendered, Error> {
        match resource_type {
            ResourceType::User => {
                let (_, current) = self.user(access, id.parse().map_err(|_| Error::NotFound)?).await?;
                self.rendered_user(&current)
            }
            ResourceType::Group => {
                let (_, current) = self.group(access, id.parse().map_err(|_| Error::NotFound)?).await?;
                Self::rendered_group(&current, true)
            }
        }
    }

    /// Makes a resource without an id, or changes the one with it.
    async fn save(
        &self,
        access: &Access,
        resource_type: ResourceType,
        id: Option<&str>,
        etag: Option<Version>,
        change: impl Fn(&Document) -> Result<Document, Refusal>,
    ) -> Result<pb::Resource, Error> {
        let saved = match resource_type {
            ResourceType::User => {
                let id = id.map(str::parse).transpose().map_err(|_| Error::NotFound)?;
                self.save_user(access, id, etag, change).await?
            }
            ResourceType::Group => {
                let id = id.map(str::parse).transpose().map_err(|_| Error::NotFound)?;
                self.save_group(access, id, etag, change).await?
            }
        };
        Ok(saved.message())
    }
}

/// The whole resource that a message holds.
fn whole(resource_type: ResourceType, json: &str) -> Result<Document, Error> {
    let said: Value = read(json.as_bytes())?;
    Ok(resource_type.document(&said)?)
}

/// What the service provider says where a whole resource does not (RFC 7643 section 4.1.1, RFC 7644 section 3.5.1): whoever is
/// made may sign in; of whom that is known already, nobody has said anything else.
fn completed(resource_type: ResourceType, before: Option<&Document>, wanted: &Document) -> Document {
    let mut wanted = wanted.clone();
    if resource_type == ResourceType::User {
        let was_active = before.is_none_or(|before| before.get("active") == Some(&Value::Bool(true)));
        wanted.entry("active").or_insert(Value::Bool(was_active));
    }
    wanted
}

#[tonic::async_trait]
impl ProvisioningService for Provisioning {
    #[tracing::instrument(name = "provisioning.authenticate", skip_all)]
    async fn authenticate(
        &self,
        request: Request<AuthenticateRequest>,
    ) -> Result<Response<AuthenticateResponse>, Status> {
        let metadata = vestibule_host::metadata(&request);
        let (_, token) = self.0.authenticated(request.into_inner().access, metadata).await.map_err(refused)?;
        Ok(Response::new(AuthenticateResponse { token_id: token.to_string() }))
    }

    #[tracing::instrument(name = "provisioning.create_resource", skip_all)]
    async fn create_resource(
        &self,
        request: Request<CreateResourceRequest>,
    ) -> Result<Response<CreateResourceResponse>, Status> {
        let metadata = vestibule_host::metadata(&request);
        let request = request.into_inner();
        let resource_type = type_of(request.r#type()).map_err(refused)?;
        let access = self.0.access(request.access, metadata).await.map_err(refused)?;
        let wanted = whole(resource_type, &request.json).map_err(refused)?;
        let created = self.0.save(&access, resource_type, None, None, |_| Ok(completed(resource_type, None, &wanted)));
        let created = created.await.map_err(refused)?;
        Ok(Response::new(CreateResourceResponse { resource: Some(created) }))
    }

    #[tracing::instrument(name = "provisioning.get_resource", skip_all)]
    async fn get_resource(
        &self,
        request: Request<GetResourceRequest>,
    ) -> Result<Response<GetResourceResponse>, Status> {
        let metadata = vestibule_host::metadata(&request);
        let request = request.into_inner();
        let resource_type = type_of(request.r#type()).map_err(refused)?;
        let access = self.0.access(request.access, metadata).await.map_err(refused)?;
        let found = self.0.get(&access, resource_type, &request.id).await.map_err(refused)?;
        Ok(Response::new(GetResourceResponse { resource: Some(found.message()) }))
    }

    #[tracing::instrument(name = "provisioning.list_resources", skip_all)]
    async fn list_resources(
        &self,
        request: Request<ListResourcesRequest>,
    ) -> Result<Response<ListResourcesResponse>, Status> {
        let metadata = vestibule_host::metadata(&request);
        let request = request.into_inner();
        let resource_type = type_of(request.r#type()).map_err(refused)?;
        let access = self.0.access(request.access, metadata).await.map_err(refused)?;
        let filter = Some(request.filter.as_str()).filter(|filter| !filter.is_empty());
        let filter = filter.map(|filter| Filter::parse(resource_type, filter)).transpose();
        let query = Query {
            resource_type,
            filter: filter.map_err(|refusal| refused(refusal.into()))?,
            skip: (request.start_index as usize).saturating_sub(1),
            count: (request.count as usize).min(PAGE_MAX),
            with_members: !request.without_members,
        };
        let listed = self.0.list(&access, &query).await.map_err(refused)?;
        let total_results = u32::try_from(listed.total).unwrap_or(u32::MAX);
        let resources = listed.page.into_iter().map(Rendered::message).collect();
        Ok(Response::new(ListResourcesResponse { resources, total_results }))
    }

    #[tracing::instrument(name = "provisioning.replace_resource", skip_all)]
    async fn replace_resource(
        &self,
        request: Request<ReplaceResourceRequest>,
    ) -> Result<Response<ReplaceResourceResponse>, Status> {
        let metadata = vestibule_host::metadata(&request);
        let request = request.into_inner();
        let resource_type = type_of(request.r#type()).map_err(refused)?;
        let access = self.0.access(request.access, metadata).await.map_err(refused)?;
        let etag = etag(&request.etag).map_err(refused)?;
        let wanted = whole(resource_type, &request.json).map_err(refused)?;
        let replace = |before: &Document| Ok(completed(resource_type, Some(before), &wanted));
        let replaced = self.0.save(&access, resource_type, Some(&request.id), etag, replace);
        Ok(Response::new(ReplaceResourceResponse { resource: Some(replaced.await.map_err(refused)?) }))
    }

    #[tracing::instrument(name = "provisioning.patch_resource", skip_all)]
    async fn patch_resource(
        &self,
        request: Request<PatchResourceRequest>,
    ) -> Result<Response<PatchResourceResponse>, Status> {
        let metadata = vestibule_host::metadata(&request);
        let request = request.into_inner();
        let resource_type = type_of(request.r#type()).map_err(refused)?;
        let access = self.0.access(request.access, metadata).await.map_err(refused)?;
        let etag = etag(&request.etag).map_err(refused)?;
        let patch = read(request.json.as_bytes()).and_then(|said| Patch::parse(resource_type, &said));
        let patch = patch.map_err(|refusal| refused(refusal.into()))?;
        let patched = self.0.save(&access, resource_type, Some(&request.id), etag, |before| patch.apply(before));
        Ok(Response::new(PatchResourceResponse { resource: Some(patched.await.map_err(refused)?) }))
    }

    #[tracing::instrument(name = "provisioning.delete_resource", skip_all)]
    async fn delete_resource(
        &self,
        request: Request<DeleteResourceRequest>,
    ) -> Result<Response<DeleteResourceResponse>, Status> {
        let metadata = vestibule_host::metadata(&request);
        let request = request.into_inner();
        let resource_type = type_of(request.r#type()).map_err(refused)?;
        let access = self.0.access(request.access, metadata).await.map_err(refused)?;
        let etag = etag(&request.etag).map_err(refused)?;
        let not_found = |_| refused(Error::NotFound);
        let deleted = match resource_type {
            ResourceType::User => self.0.delete_user(&access, request.id.parse().map_err(not_found)?, etag).await,
            ResourceType::Group => self.0.delete_group(&access, request.id.parse().map_err(not_found)?, etag).await,
        };
        deleted.map_err(refused)?;
        Ok(Response::new(DeleteResourceResponse {}))
    }
}
