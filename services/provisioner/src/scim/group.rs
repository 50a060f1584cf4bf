//! A group: the people of an organization who have a role.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use vestibule_kernel::OrganizationId;
use vestibule_scim::{Group, Member, PatchRequest};

use super::{
    ScimError,
    resource::{id, quoted, text},
    user::operation,
};

/// A group as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SeenGroup {
    pub(crate) id: String,
    pub(crate) external_id: String,
    /// The ids of users. None where it does not say: nobody is in, or the service does not tell who is.
    pub(crate) members: Option<HashSet<String>>,
}

/// The `externalId` of the group of a role: found again by it, and by whose it is.
pub(crate) fn external_id(organization: OrganizationId, role: &str) -> String {
    format!("{organization}:{role}")
}

/// Whose group it is, when it is one of ours.
pub(crate) fn owner_of(external_id: &str) -> Option<OrganizationId> {
    external_id.split_once(':')?.0.parse().ok()
}

impl SeenGroup {
    /// Whether the user is in, as far as the service tells.
    pub(crate) fn has(&self, user: &str) -> Option<bool> {
        self.members.as_ref().map(|members| members.contains(user))
    }

    /// The group; none for one that is not ours.
    pub(crate) fn read(resource: &Map<String, Value>) -> Result<Option<Self>, ScimError> {
        let Some(external_id) = text(resource, "externalId").filter(|written| owner_of(written).is_some()) else {
            return Ok(None);
        };
        let value = |member: &Value| text(member.as_object()?, "value");
        let members = resource.get("members").and_then(Value::as_array);
        let members = members.map(|members| members.iter().filter_map(value).collect());
        Ok(Some(Self { id: id(resource)?, external_id, members }))
    }
}

/// A new group with its first member (RFC 7643 section 4.2).
pub(crate) fn create_group(external_id: &str, display_name: &str, member: &str) -> Value {
    json!(Group {
        external_id: Some(external_id.to_owned()),
        display_name: display_name.to_owned(),
        members: vec![Member { value: member.to_owned(), ..Member::default() }],
        ..Group::default()
    })
}

/// Lets a user in or out (RFC 7644 section 3.5.2), whoever else is in.
pub(crate) fn members_patch(member: &str, is_in: bool) -> Value {
    json!(PatchRequest::new(vec![if is_in {
        operation("add", "members", Some(json!([{ "value": member }])))
    } else {
        operation("remove", format!("members[value eq {}]", quoted(member)), None)
    }]))
}

/// The same for a service that only replaces.
pub(crate) fn members_put(mut group: Map<String, Value>, member: &str, is_in: bool) -> Value {
    let is_member = |listed: &Value| listed.get("value").and_then(Value::as_str) == Some(member);
    let mut members = match group.remove("members") {
        Some(Value::Array(members)) => members,
        _ => Vec::new(),
    };
    members.retain(|listed| !is_member(listed));
    if is_in {
        members.push(json!({ "value": member }));
    }
    group.insert("members".to_owned(), Value::Array(members));
    group.remove("meta");
    Value::Object(group)
}
