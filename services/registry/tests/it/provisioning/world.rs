use serde_json::{Value, json};
use tonic::Status;
use vestibule_kernel::{DirectoryGroupId, DirectoryId};
use vestibule_rpc::{
    Channel,
    provisioning::v1::{
        Access, CreateResourceRequest, DeleteResourceRequest, GetResourceRequest, ListResourcesRequest,
        ListResourcesResponse, PatchResourceRequest, ReplaceResourceRequest, Resource, ResourceType,
        provisioning_service_client::ProvisioningServiceClient,
    },
    registry::v1::{
        CreateDirectoryRequest, CreateDirectoryTokenRequest, Directory as Terms, ListPersonsRequest, Person, directory,
        directory_service_client::DirectoryServiceClient,
    },
    resource,
};

use crate::{
    people::{PERSISTENT, Tenant},
    registry::Registry,
};

pub(super) const USER: ResourceType = ResourceType::User;
pub(super) const GROUP: ResourceType = ResourceType::Group;

const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A tenant's directory, with its token.
pub(super) struct Directory<'a> {
    pub(super) registry: &'a Registry,
    pub(super) tenant: Tenant,
    pub(super) terms: Terms,
    pub(super) access: Access,
    pub(super) token_id: String,
}

impl Registry {
    pub(super) fn directories(&self) -> DirectoryServiceClient<Channel> {
        DirectoryServiceClient::new(self.channel.clone())
    }

    fn provisioning(&self) -> ProvisioningServiceClient<Channel> {
        ProvisioningServiceClient::new(self.channel.clone())
    }

    /// A directory that says by `userName` whom it means.
    pub(super) async fn directory(&self, slug: &str, roles: directory::Roles) -> Directory<'_> {
        let tenant = Tenant::new(self, slug).await;
        let wanted = Terms {
            connection: tenant.connection.name.clone(),
            name_id_format: PERSISTENT.to_owned(),
            roles: roles.into(),
            ..Terms::default()
        };
        let request = CreateDirectoryRequest { parent: tenant.organization.name.clone(), directory: Some(wanted) };
        let created = self.directories().create_directory(request).await.unwrap().into_inner().directory.unwrap();
        let request = CreateDirectoryTokenRequest { name: created.name, etag: created.etag };
        let added = self.directories().create_directory_token(request).await.unwrap().into_inner();
        let terms = added.directory.unwrap();
        let access = Access { directory: terms.name.rsplit('/').next().unwrap().to_owned(), token: added.token };
        Directory { registry: self, tenant, terms, access, token_id: added.token_id }
    }
}

impl Directory<'_> {
    pub(super) fn id(&self) -> DirectoryId {
        resource::directory("", &self.terms.name).unwrap().1
    }

    pub(super) async fn create(&self, kind: ResourceType, said: &Value) -> Result<Resource, Status> {
        let access = Some(self.access.clone());
        let request = CreateResourceRequest { access, r#type: kind.into(), json: said.to_string() };
        Ok(self.registry.provisioning().create_resource(request).await?.into_inner().resource.unwrap())
    }

    pub(super) async fn get(&self, kind: ResourceType, id: &str) -> Result<Value, Status> {
        let request = GetResourceRequest { access: Some(self.access.clone()), r#type: kind.into(), id: id.to_owned() };
        let found = self.registry.provisioning().get_resource(request).await?.into_inner().resource.unwrap();
        Ok(serde_json::from_str(&found.json).unwrap())
    }

    pub(super) async fn replace(
        &self,
        kind: ResourceType,
        id: &str,
        etag: &str,
        said: &Value,
    ) -> Result<Resource, Status> {
        let request = ReplaceResourceRequest {
            access: Some(self.access.clone()),
            r#type: kind.into(),
            id: id.to_owned(),
            json: said.to_string(),
            etag: etag.to_owned(),
        };
        Ok(self.registry.provisioning().replace_resource(request).await?.into_inner().resource.unwrap())
    }

    pub(super) async fn patch(
        &self,
        kind: ResourceType,
        id: &str,
        etag: &str,
        operations: &Value,
    ) -> Result<Resource, Status> {
        let said = json!({ "schemas": [vestibule_scim::PATCH_URN], "Operations": operations });
        let request = PatchResourceRequest {
            access: Some(self.access.clone()),
            r#type: kind.into(),
            id: id.to_owned(),
            json: said.to_string(),
            etag: etag.to_owned(),
        };
        Ok(self.registry.provisioning().patch_resource(request).await?.into_inner().resource.unwrap())
    }

    pub(super) async fn delete(&self, kind: ResourceType, id: &str, etag: &str) -> Result<(), Status> {
        let (id, etag) = (id.to_owned(), etag.to_owned());
        let request = DeleteResourceRequest { access: Some(self.access.clone()), r#type: kind.into(), id, etag };
        self.registry.provisioning().delete_resource(request).await.map(drop)
    }

    pub(super) async fn list(&self, kind: ResourceType, filter: &str) -> Result<ListResourcesResponse, Status> {
        let request = ListResourcesRequest {
            access: Some(self.access.clone()),
            r#type: kind.into(),
            filter: filter.to_owned(),
            start_index: 1,
            count: 200,
            without_members: false,
        };
        Ok(self.registry.provisioning().list_resources(request).await?.into_inner())
    }

    /// So many users, in the order in which they were made.
    pub(super) async fn users(&self, count: usize) -> Vec<String> {
        let mut made = Vec::new();
        for number in 0..count {
            made.push(self.create(USER, &user(&format!("user{number}"))).await.unwrap().id);
        }
        made
    }

    pub(super) async fn group(&self, name: &str, members: &[String]) -> Resource {
        self.create(GROUP, &group(name, members)).await.unwrap()
    }

    /// Everybody whom the organization knows.
    pub(super) async fn people(&self) -> Vec<Person> {
        let mut people = Vec::new();
        let mut page_token = String::new();
        loop {
            let parent = self.tenant.organization.name.clone();
            let request = ListPersonsRequest { parent, page_token, page_size: 100, ..ListPersonsRequest::default() };
            let page = self.registry.persons().list_persons(request).await.unwrap().into_inner();
            people.extend(page.persons);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return people;
            }
        }
    }

    /// How many people have exactly these roles.
    pub(super) async fn with_roles(&self, roles: &[&str]) -> usize {
        self.people().await.iter().filter(|person| person.roles == roles).count()
    }

    /// Lets groups of these names mean roles: `[("Engineers", "engineer")]`.
    pub(super) async fn roles_mean(&self, rules: &[(&str, &str)]) {
        self.tenant.roles_mean(self.registry, rules).await;
    }
}

pub(super) fn user(name: &str) -> Value {
    json!({ "schemas": [USER_URN], "userName": name, "active": true })
}

pub(super) fn group(name: &str, members: &[String]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP_URN], "displayName": name, "members": members })
}

pub(super) fn group_id(resource: &Resource) -> DirectoryGroupId {
    resource.id.parse().unwrap()
}

/// Waits until something is so.
pub(super) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waited = async {
        while !is_so().await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), waited).await.unwrap_or_else(|_| panic!("{what}"));
}
