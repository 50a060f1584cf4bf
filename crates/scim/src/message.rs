use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    refusal::ScimType,
    schema::{GROUP_URN, USER_URN},
};

/// The schema of answers with several resources.
pub const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The schema of errors.
pub const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The schema of PATCH requests.
pub const PATCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A user (RFC 7643 section 4.1).
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// The schemas.
    pub schemas: Vec<String>,
    /// The service provider's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The client's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The name by which the client knows the person.
    pub user_name: String,
    /// The parts of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// The name that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether the account may be used; a user without it is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Email>,
    /// The groups; the service provider's to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRef>,
    /// What is known about the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
}

impl Default for User {
    fn default() -> Self {
        Self {
            schemas: vec![USER_URN.to_owned()],
            id: String::new(),
            external_id: None,
            user_name: String::new(),
            name: None,
            display_name: None,
            active: None,
            emails: Vec::new(),
            groups: Vec::new(),
            meta: None,
        }
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The parts of a name.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Name {
    /// The full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// The given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Middle names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// What stands before the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub honorific_prefix: Option<String>,
    /// What stands behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub honorific_suffix: Option<String>,
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Name(redacted)")
    }
}

/// An address.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Email {
    /// The address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// What it is for, such as `work`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it is the preferred one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<bool>,
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(redacted)")
    }
}

/// A group that a user belongs to.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct GroupRef {
    /// Its id.
    pub value: String,
    /// Where it is.
    #[serde(rename = "$ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

/// A group (RFC 7643 section 4.2).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    /// The schemas.
    pub schemas: Vec<String>,
    /// The service provider's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The client's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Its name.
    pub display_name: String,
    /// Its members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// What is known about the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            schemas: vec![GROUP_URN.to_owned()],
            id: String::new(),
            external_id: None,
            display_name: String::new(),
            members: Vec::new(),
            meta: None,
        }
    }
}

/// A member of a group.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Member {
    /// The id of the user.
    pub value: String,
    /// Where the user is.
    #[serde(rename = "$ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What it is, such as `User`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What is known about a resource (RFC 7643 section 3.1).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// `User`, `Group` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Its ETag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// An answer with several resources (RFC 7644 section 3.4.2).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse<T> {
    /// The schema.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// How many there are in all.
    pub total_results: u64,
    /// The place of the first one here, from 1.
    #[serde(default)]
    pub start_index: u64,
    /// How many are here.
    #[serde(default)]
    pub items_per_page: u64,
    /// The resources.
    #[serde(rename = "Resources", default = "Vec::new")]
    pub resources: Vec<T>,
}

impl<T> ListResponse<T> {
    /// A page of `total` resources that begins at `start_index`.
    #[must_use]
    pub fn page(resources: Vec<T>, start_index: u64, total_results: u64) -> Self {
        let items_per_page = resources.len() as u64;
        Self { schemas: vec![LIST_URN.to_owned()], total_results, start_index, items_per_page, resources }
    }
}

/// A PATCH request (RFC 7644 section 3.5.2), for clients.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PatchRequest {
    /// The schema.
    pub schemas: Vec<String>,
    /// The operations, in order.
    #[serde(rename = "Operations")]
    pub operations: Vec<PatchOperation>,
}

impl PatchRequest {
    /// A request with these operations.
    #[must_use]
    pub fn new(operations: Vec<PatchOperation>) -> Self {
        Self { schemas: vec![PATCH_URN.to_owned()], operations }
    }
}

/// One of its operations.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PatchOperation {
    /// `add`, `replace` or `remove`.
    pub op: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is added, or put in the place of what was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// An error (RFC 7644 section 3.12).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorMessage {
    /// The schema.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// The HTTP status, as text.
    pub status: String,
    /// The keyword, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scim_type: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ErrorMessage {
    /// An error.
    #[must_use]
    pub fn new(status: u16, scim_type: Option<ScimType>, detail: &str) -> Self {
        Self {
            schemas: vec![ERROR_URN.to_owned()],
            status: status.to_string(),
            scim_type: scim_type.map(|keyword| keyword.as_str().to_owned()),
            detail: Some(detail.to_owned()),
        }
    }
}
