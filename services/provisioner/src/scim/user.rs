//! A user as it should be, as it is, and what lies between.

use serde_json::{Map, Value, json};
use vestibule_kernel::{OrganizationId, PersonId};
use vestibule_scim::{Email, Name, PatchOperation, PatchRequest, USER_URN, User};

use super::{
    ScimError,
    resource::{id, text, version},
};

const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A user as it should be. Personal.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Account {
    /// The `externalId`, by which the user is found again.
    pub(crate) person: PersonId,
    pub(crate) user_name: String,
    pub(crate) active: bool,
    pub(crate) display_name: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) email: Option<String>,
    /// Told where one service has users of many organizations.
    pub(crate) organization: Option<OrganizationId>,
}

/// A user as it is: what of it is ours to say. Personal.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct SeenUser {
    pub(crate) id: String,
    pub(crate) version: Option<String>,
    /// Empty where the service does not tell.
    pub(crate) created: String,
    pub(crate) active: Option<bool>,
    user_name: Option<String>,
    display_name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    emails: Vec<String>,
}

/// One difference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Edit {
    Set(&'static str, Value),
    Remove(&'static str),
}

impl SeenUser {
    /// The user, and the person it is of; none for a user that is nobody of ours.
    pub(crate) fn read(resource: &Map<String, Value>) -> Result<Option<(PersonId, Self)>, ScimError> {
        let Some(person) = text(resource, "externalId").and_then(|written| written.parse().ok()) else {
            return Ok(None);
        };
        let empty = Map::new();
        let name = resource.get("name").and_then(Value::as_object).unwrap_or(&empty);
        let meta = resource.get("meta").and_then(Value::as_object).unwrap_or(&empty);
        let emails = resource.get("emails").and_then(Value::as_array).into_iter().flatten();
        Ok(Some((
            person,
            Self {
                id: id(resource)?,
                version: version(resource)?,
                created: text(meta, "created").unwrap_or_default(),
                active: resource.get("active").and_then(Value::as_bool),
                user_name: text(resource, "userName"),
                display_name: text(resource, "displayName"),
                given_name: text(name, "givenName"),
                family_name: text(name, "familyName"),
                emails: emails
                    .map(|email| email.as_object().and_then(|email| text(email, "value")).unwrap_or_default())
                    .collect(),
            },
        )))
    }
}

/// What must change. A service may write addresses and user names in its own case (RFC 7643 section 4.1.1).
pub(crate) fn edits(account: &Account, seen: &SeenUser) -> Vec<Edit> {
    let mut edits = Vec::new();
    if seen.active != Some(account.active) {
        edits.push(Edit::Set("active", account.active.into()));
    }
    if !seen.user_name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&account.user_name)) {
        edits.push(Edit::Set("userName", account.user_name.as_str().into()));
    }
    let texts = [
        ("displayName", &account.display_name, &seen.display_name),
        ("name.givenName", &account.given_name, &seen.given_name),
        ("name.familyName", &account.family_name, &seen.family_name),
    ];
    for (path, wanted, found) in texts.into_iter().filter(|(_, wanted, found)| wanted != found) {
        edits.push(match wanted {
            Some(text) => Edit::Set(path, text.as_str().into()),
            None if found.is_some() => Edit::Remove(path),
            None => continue,
        });
    }
    let is_same = match (&account.email, seen.emails.as_slice()) {
        (None, []) => true,
        (Some(wanted), [found]) => wanted.eq_ignore_ascii_case(found),
        _ => false,
    };
    if !is_same {
        edits.push(match &account.email {
            Some(email) => Edit::Set("emails", json!([work_address(email)])),
            None => Edit::Remove("emails"),
        });
    }
    edits
}

/// A new user (RFC 7643 section 4.1). What is blank is left out.
pub(crate) fn create_user(account: &Account) -> Value {
    let has_name = account.given_name.is_some() || account.family_name.is_some();
    let name =
        Name { given_name: account.given_name.clone(), family_name: account.family_name.clone(), ..Name::default() };
    let user = User {
        external_id: Some(account.person.to_string()),
        user_name: account.user_name.clone(),
        active: Some(account.active),
        display_name: account.display_name.clone(),
        name: has_name.then_some(name),
        emails: account.email.iter().map(|email| work_address(email)).collect(),
        ..User::default()
    };
    let mut user = json!(user);
    if let (Some(organization), Value::Object(user)) = (account.organization, &mut user) {
        user.insert("schemas".to_owned(), json!([USER_URN, ENTERPRISE_USER]));
        user.insert(ENTERPRISE_USER.to_owned(), json!({ "organization": organization.to_string() }));
    }
    user
}

/// The differences as RFC 7644 section 3.5.2 writes them.
pub(crate) fn patch(edits: &[Edit]) -> Value {
    let operations = edits.iter().map(|edit| match edit {
        Edit::Set(path, value) => operation("replace", *path, Some(value.clone())),
        Edit::Remove(path) => operation("remove", *path, None),
    });
    json!(PatchRequest::new(operations.collect()))
}

pub(super) fn operation(op: &str, path: impl Into<String>, value: Option<Value>) -> PatchOperation {
    PatchOperation { op: op.to_owned(), path: Some(path.into()), value }
}

/// The user as it should be, with everything that others have said of it.
pub(crate) fn put(mut resource: Map<String, Value>, edits: &[Edit]) -> Value {
    for edit in edits {
        apply(&mut resource, edit.clone());
    }
    // Read-only (RFC 7643 sections 3.1 and 4.1.2).
    resource.remove("meta");
    resource.remove("groups");
    Value::Object(resource)
}

fn apply(resource: &mut Map<String, Value>, edit: Edit) {
    let (Edit::Set(path, _) | Edit::Remove(path)) = edit;
    let (place, name) = match path.split_once('.') {
        None => (resource, path),
        Some((outer, inner)) => {
            let place = resource.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(place) = place else { return };
            (place, inner)
        }
    };
    match edit {
        Edit::Set(_, value) => place.insert(name.to_owned(), value),
        Edit::Remove(_) => place.remove(name),
    };
}

fn work_address(email: &str) -> Email {
    Email { value: email.to_owned(), kind: Some("work".to_owned()), primary: Some(true) }
}
