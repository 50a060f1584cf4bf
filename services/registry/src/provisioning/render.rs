use serde_json::{Value, json};
use vestibule_eventlog::Current;
use vestibule_rpc::provisioning::v1 as pb;
use vestibule_scim::{Document, ResourceType};
use vestibule_tenancy::{
    directory_group::{self, DirectoryGroup},
    directory_user::{self, DirectoryUser},
};

use super::{Inner, error::Error};

/// A resource as the directory sees it, and its version.
pub(super) struct Rendered {
    pub(super) id: String,
    pub(super) version: u64,
    pub(super) document: Document,
}

impl Rendered {
    pub(super) fn message(self) -> pb::Resource {
        let json = Value::Object(self.document).to_string();
        pb::Resource { json, id: self.id, etag: self.version.to_string() }
    }
}

impl Inner {
    pub(super) fn rendered_user(&self, current: &Current<DirectoryUser>) -> Result<Rendered, Error> {
        let DirectoryUser::Present(kept) = &current.state else { return Err(Error::NotFound) };
        let id = kept.user.to_string();
        let mut document = document(kept);
        let names: Vec<Value> = self.index.read(|index| {
            let groups = index.contents(kept.directory).map(|contents| &contents.groups);
            let named = |group| {
                let names = groups.and_then(|groups| groups.get(group));
                json!({ "value": group.to_string(), "display": names.map(|names| &names.display_name) })
            };
            kept.groups.iter().map(named).collect()
        });
        if !names.is_empty() {
            document.insert("groups".to_owned(), Value::Array(names));
        }
        complete(&mut document, ResourceType::User, &id, current);
        Ok(Rendered { id, version: current.version.0, document })
    }

    pub(super) fn rendered_group(current: &Current<DirectoryGroup>, with_members: bool) -> Result<Rendered, Error> {
        let DirectoryGroup::Present(kept) = &current.state else { return Err(Error::NotFound) };
        let id = kept.group.to_string();
        let mut document = group_document(kept, with_members);
        complete(&mut document, ResourceType::Group, &id, current);
        Ok(Rendered { id, version: current.version.0, document })
    }
}

/// What the directory said. Once the person's key is destroyed there is nothing left but that it was somebody.
pub(super) fn document(kept: &directory_user::Kept) -> Document {
    if let Some(Value::Object(document)) = &kept.document {
        return document.clone();
    }
    let mut document = Document::new();
    document.insert("userName".to_owned(), json!(kept.user.to_string()));
    document.insert("active".to_owned(), json!(kept.is_active));
    document
}

/// What the directory said of a group.
pub(super) fn group_document(kept: &directory_group::Kept, with_members: bool) -> Document {
    let mut document = Document::new();
    document.insert("displayName".to_owned(), json!(kept.display_name));
    if let Some(external_id) = &kept.external_id {
        document.insert("externalId".to_owned(), json!(external_id));
    }
    if with_members && !kept.members.is_empty() {
        let members: Vec<Value> = kept.members.iter().map(|member| json!({ "value": member.to_string() })).collect();
        document.insert("members".to_owned(), Value::Array(members));
    }
    document
}

/// What every resource has (RFC 7643 section 3.1), the location aside.
fn complete<D: vestibule_decider::Decider>(
    document: &mut Document,
    resource_type: ResourceType,
    id: &str,
    current: &Current<D>,
) {
    document.insert("schemas".to_owned(), json!([resource_type.urn()]));
    document.insert("id".to_owned(), json!(id));
    let moment = |at: Option<vestibule_kernel::Timestamp>| at.unwrap_or_default().to_string();
    document.insert(
        "meta".to_owned(),
        json!({
            "resourceType": resource_type.name(),
            "created": moment(current.first_recorded_at),
            "lastModified": moment(current.last_recorded_at),
            "version": format!("W/\"{}\"", current.version.0),
        }),
    );
}
