use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, Value, value::RawValue};

use super::{ReservedClaim, TriggerError};
use crate::{Token, is_reserved_claim};

/// What changes in the tokens that are about to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenOverride<'a, V> {
    /// The ID token.
    pub id: ClaimsOverride<'a, V>,
    /// The access token.
    pub access: ClaimsOverride<'a, V>,
    /// Scopes to add to the access token.
    pub scopes: Vec<&'a str>,
    /// Scopes to take out of the access token.
    pub scopes_suppressed: Vec<&'a str>,
    /// The groups that take the place of the user's; without any of this they stay.
    pub groups: Option<GroupsOverride<'a>>,
}

/// What changes in the claims of one token.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimsOverride<'a, V> {
    /// Claims to add, or to put in the place of others.
    pub added: Vec<(&'a str, V)>,
    /// Claims to take out. What is in both is taken out.
    pub suppressed: Vec<&'a str>,
}

/// What takes the place of the user's groups.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupsOverride<'a> {
    /// The groups; none takes all of them away.
    pub names: Vec<&'a str>,
    /// Whether the IAM roles that the user's groups bring with them stay.
    pub keeps_iam_roles: bool,
}

impl<V> Default for TokenOverride<'_, V> {
    fn default() -> Self {
        let nothing = || ClaimsOverride { added: Vec::new(), suppressed: Vec::new() };
        let (scopes, scopes_suppressed) = (Vec::new(), Vec::new());
        Self { id: nothing(), access: nothing(), scopes, scopes_suppressed, groups: None }
    }
}

impl<V: Serialize> TokenOverride<'_, V> {
    /// Sees to it that nothing of Cognito's own is in it. What Cognito does with such a claim is not documented, so it is
    /// never sent. An access token may name its own client as its audience.
    pub(super) fn check<'c>(&self, client_id: impl Fn() -> Option<Cow<'c, str>>) -> Result<(), ReservedClaim> {
        for (token, claims) in [(Token::Id, &self.id), (Token::Access, &self.access)] {
            for (name, value) in &claims.added {
                let is_own_audience = token == Token::Access
                    && *name == "aud"
                    && serde_json::to_value(value)
                        .is_ok_and(|value| value.is_string() && value.as_str() == client_id().as_deref());
                if (is_reserved_claim(token, name) || name.starts_with("dev:")) && !is_own_audience {
                    return Err(ReservedClaim { token, name: (*name).to_owned() });
                }
            }
            let reserved = |name: &&&str| is_reserved_claim(token, name) && **name != "cognito:groups";
            if let Some(name) = claims.suppressed.iter().find(reserved) {
                return Err(ReservedClaim { token, name: (*name).to_owned() });
            }
        }
        Ok(())
    }
}

/// The IAM roles that come with a user's groups, as the event has them.
#[derive(Debug, Default)]
pub(super) struct IamRoles<'a> {
    pub(super) roles: Option<&'a RawValue>,
    pub(super) preferred: Option<&'a RawValue>,
}

/// A response's container, in the layout of one version.
pub(super) struct Container<'a, V> {
    pub(super) tokens: &'a TokenOverride<'a, V>,
    pub(super) iam_roles: &'a IamRoles<'a>,
    pub(super) is_first_version: bool,
}

impl<V: Serialize> Serialize for Container<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut container = serializer.serialize_map(None)?;
        if self.is_first_version {
            // It reaches the ID token only.
            container.serialize_entry("claimsToAddOrOverride", &Added(&self.tokens.id.added))?;
            if !self.tokens.id.suppressed.is_empty() {
                container.serialize_entry("claimsToSuppress", &self.tokens.id.suppressed)?;
            }
        } else {
            let (claims, nothing) = (&self.tokens.id, [].as_slice());
            let (scopes, scopes_suppressed) = (nothing, nothing);
            container.serialize_entry("idTokenGeneration", &Section { claims, scopes, scopes_suppressed })?;
            let claims = &self.tokens.access;
            let (scopes, scopes_suppressed) = (self.tokens.scopes.as_slice(), self.tokens.scopes_suppressed.as_slice());
            container.serialize_entry("accessTokenGeneration", &Section { claims, scopes, scopes_suppressed })?;
        }
        // An empty or absent list in it takes the groups away, so it is there only when groups are replaced.
        if let Some(groups) = &self.tokens.groups {
            let iam_roles = Some(self.iam_roles).filter(|_| groups.keeps_iam_roles);
            let roles = iam_roles.and_then(|iam_roles| iam_roles.roles);
            let details = GroupDetails {
                groups_to_override: &groups.names,
                iam_roles_to_override: roles.map_or(Roles::None([]), Roles::Theirs),
                preferred_role: iam_roles.and_then(|iam_roles| iam_roles.preferred),
            };
            container.serialize_entry("groupOverrideDetails", &details)?;
        }
        container.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupDetails<'a> {
    groups_to_override: &'a [&'a str],
    iam_roles_to_override: Roles<'a>,
    preferred_role: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Roles<'a> {
    Theirs(&'a RawValue),
    None([&'a str; 0]),
}

struct Section<'a, V> {
    claims: &'a ClaimsOverride<'a, V>,
    scopes: &'a [&'a str],
    scopes_suppressed: &'a [&'a str],
}

impl<V: Serialize> Serialize for Section<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut section = serializer.serialize_map(None)?;
        section.serialize_entry("claimsToAddOrOverride", &Added(&self.claims.added))?;
        let lists = [
            ("claimsToSuppress", self.claims.suppressed.as_slice()),
            ("scopesToAdd", self.scopes),
            ("scopesToSuppress", self.scopes_suppressed),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            section.serialize_entry(name, list)?;
        }
        section.end()
    }
}

struct Added<'a, V>(&'a [(&'a str, V)]);

impl<V: Serialize> Serialize for Added<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (*name, value)))
    }
}

/// Lays `ours` over what an earlier function of a chain has answered. That stays, but neither can it take away what we add,
/// nor add what we take away.
pub(super) fn laid_over(theirs: Value, ours: Value) -> Result<Value, TriggerError> {
    let malformed = TriggerError::Member { member: "response" };
    match (object_or_nothing(theirs), ours) {
        (Some(mut theirs), Value::Object(ours)) => {
            yield_to(&ours, &mut theirs);
            for (name, value) in ours {
                let before = theirs.remove(&name).unwrap_or_default();
                let value = match name.as_str() {
                    "idTokenGeneration" | "accessTokenGeneration" => laid_over(before, value)?,
                    "claimsToAddOrOverride" => {
                        let mut added = object_or_nothing(before).ok_or(TriggerError::Member { member: "response" })?;
                        added.extend(object_or_nothing(value).unwrap_or_default());
                        Value::Object(added)
                    }
                    "claimsToSuppress" | "scopesToAdd" | "scopesToSuppress" => joined(before, value)?,
                    _ => value,
                };
                theirs.insert(name, value);
            }
            Ok(Value::Object(theirs))
        }
        _ => Err(malformed),
    }
}

/// Takes out of `theirs` what contradicts `ours`: Cognito suppresses what is both added and suppressed, whoever said which.
fn yield_to(ours: &Map<String, Value>, theirs: &mut Map<String, Value>) {
    for (added, suppressed) in [("claimsToAddOrOverride", "claimsToSuppress"), ("scopesToAdd", "scopesToSuppress")] {
        for (said, unsaid) in [(added, suppressed), (suppressed, added)] {
            let says = |name: &str| match ours.get(said) {
                Some(Value::Object(claims)) => claims.contains_key(name),
                Some(Value::Array(names)) => names.iter().any(|one| one == name),
                _ => false,
            };
            match theirs.get_mut(unsaid) {
                Some(Value::Object(claims)) => claims.retain(|name, _| !says(name)),
                Some(Value::Array(names)) => names.retain(|name| !name.as_str().is_some_and(says)),
                _ => {}
            }
        }
    }
}

fn joined(theirs: Value, ours: Value) -> Result<Value, TriggerError> {
    match (theirs, ours) {
        (Value::Null, ours) => Ok(ours),
        (Value::Array(mut theirs), Value::Array(ours)) => {
            theirs.retain(|known| !ours.contains(known));
            theirs.extend(ours);
            Ok(Value::Array(theirs))
        }
        _ => Err(TriggerError::Member { member: "response" }),
    }
}

/// Cognito writes "nothing yet" as `null`, `[]` or `{}`.
fn object_or_nothing(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        Value::Null => Some(Map::new()),
        Value::Array(list) if list.is_empty() => Some(Map::new()),
        _ => None,
    }
}
