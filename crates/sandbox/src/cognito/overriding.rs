use serde::Deserialize;
use serde_json::{Map, Value};

use super::LambdaVersion;

/// What the answer of the pre token generation trigger changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Overriding {
    pub(super) id_token: TokenOverriding,
    pub(super) access_token: TokenOverriding,
    pub(super) groups: GroupOverriding,
}

/// Changes of one token.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TokenOverriding {
    #[serde(deserialize_with = "or_default")]
    claims_to_add_or_override: Map<String, Value>,
    #[serde(deserialize_with = "or_default")]
    claims_to_suppress: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    scopes_to_add: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    scopes_to_suppress: Vec<String>,
}

/// Changes of the groups, in both tokens.
#[derive(Clone, Debug, Default)]
pub(super) enum GroupOverriding {
    /// The key `groupOverrideDetails` is left out: the pool's groups stay.
    #[default]
    Keep,
    /// The key is there: the pool's groups are replaced, by nothing when it is null or empty.
    Replace(Groups),
}

/// Groups and roles for the tokens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Groups {
    #[serde(rename = "groupsToOverride", deserialize_with = "or_default")]
    pub(super) names: Vec<String>,
    #[serde(rename = "iamRolesToOverride", deserialize_with = "or_default")]
    pub(super) iam_roles: Vec<String>,
    pub(super) preferred_role: Option<String>,
}

/// The trigger's answer does not have the documented form.
#[derive(Debug, thiserror::Error)]
pub(super) enum OverridingError {
    #[error("Unrecognizable lambda output")]
    Unrecognizable,
    #[error("Invalid lambda function output: {0}")]
    Form(serde_json::Error),
    #[error("Invalid lambda function output: the claim {0} is no string")]
    NotText(String),
    #[error("Invalid lambda function output: a scope has a blank")]
    ScopeBlank,
    #[error("Invalid lambda function output: {0} must not be complex in an ID token")]
    Complex(&'static str),
}

/// Which token is being written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TokenKind {
    Id,
    Access,
}

/// Claims that a trigger can neither add nor change nor suppress, besides everything that begins with `cognito:`.
const RESERVED: [&str; 22] = [
    "acr",
    "amr",
    "at_hash",
    "auth_time",
    "azp",
    "client_id",
    "device_key",
    "event_id",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
    "version",
    "aud",
];

/// Claims that must be simple values in an ID token.
const SIMPLE_IN_ID_TOKEN: [&str; 4] = ["email_verified", "phone_number_verified", "updated_at", "address"];

impl Overriding {
    /// Reads the event that the trigger gave back.
    pub(super) fn read(version: LambdaVersion, answer: &Value) -> Result<Self, OverridingError> {
        let response = answer.get("response").and_then(Value::as_object).ok_or(OverridingError::Unrecognizable)?;
        let first = version == LambdaVersion::V1;
        let container = if first { "claimsOverrideDetails" } else { "claimsAndScopeOverrideDetails" };
        let Some(details) = response.get(container).filter(|details| !is_nothing(details)) else {
            return Ok(Self::default());
        };
        let part = |part: Option<&Value>| match part {
            Some(part) if !is_nothing(part) => TokenOverriding::deserialize(part).map_err(OverridingError::Form),
            _ => Ok(TokenOverriding::default()),
        };
        let groups = match details.get("groupOverrideDetails") {
            None => GroupOverriding::Keep,
            Some(groups) if is_nothing(groups) => GroupOverriding::Replace(Groups::default()),
            Some(groups) => GroupOverriding::Replace(Groups::deserialize(groups).map_err(OverridingError::Form)?),
        };
        let read = if first {
            let id_token = TokenOverriding { scopes_to_add: Vec::new(), ..part(Some(details))? };
            if let Some((name, _)) = id_token.claims_to_add_or_override.iter().find(|(_, value)| !value.is_string()) {
                return Err(OverridingError::NotText(name.clone()));
            }
            Self { id_token, access_token: TokenOverriding::default(), groups }
        } else {
            let (id_token, access_token) = (details.get("idTokenGeneration"), details.get("accessTokenGeneration"));
            Self { id_token: part(id_token)?, access_token: part(access_token)?, groups }
        };
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<(), OverridingError> {
        let access = &self.access_token;
        if access
            .scopes_to_add
            .iter()
            .chain(&access.scopes_to_suppress)
            .any(|scope| scope.contains(char::is_whitespace))
        {
            return Err(OverridingError::ScopeBlank);
        }
        let complex = |name: &&&str| {
            self.id_token
                .claims_to_add_or_override
                .get(**name)
                .is_some_and(|value| value.is_array() || value.is_object())
        };
        SIMPLE_IN_ID_TOKEN.iter().find(complex).map_or(Ok(()), |name| Err(OverridingError::Complex(name)))
    }
}

impl TokenOverriding {
    /// Changes the claims of a token. Suppressing wins over adding; reserved claims stay as they are.
    pub(super) fn apply(&self, kind: TokenKind, client_id: &str, claims: &mut Map<String, Value>) {
        for (name, value) in &self.claims_to_add_or_override {
            // The one exception: an audience for the access token, and only the app client itself.
            let is_own_audience = kind == TokenKind::Access && name == "aud" && value == client_id;
            if is_own_audience || !(is_reserved(name) || name.starts_with("dev:")) {
                claims.insert(name.clone(), value.clone());
            }
        }
        for name in &self.claims_to_suppress {
            if !is_reserved(name) || name == "cognito:groups" {
                claims.remove(name);
            }
        }
    }

    /// The scopes of the access token. Suppressing wins over adding.
    pub(super) fn scopes(&self, granted: &[String]) -> Vec<String> {
        let mut scopes: Vec<String> = granted.to_vec();
        scopes.extend(self.scopes_to_add.iter().filter(|scope| !granted.contains(scope)).cloned());
        scopes.retain(|scope| !self.scopes_to_suppress.contains(scope));
        scopes
    }
}

fn is_reserved(name: &str) -> bool {
    name.starts_with("cognito:") || RESERVED.contains(&name)
}

/// Amazon's own samples write "nothing" as null, as `[]` and as `{}`.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
