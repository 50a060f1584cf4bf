use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::TriggerError;

/// The most identities that are read; a user has at most five linked ones.
const IDENTITIES_MAX: usize = 16;

/// An identity at an external provider, as Cognito keeps it of a user. Users and applications cannot write it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The subject at the provider.
    pub user_id: String,
    /// The provider's name in the pool.
    pub provider_name: String,
    /// `OIDC`, `SAML` or a social provider's.
    #[serde(default)]
    pub provider_type: Option<String>,
}

/// Reads the attribute `identities`: in trigger events a JSON array within a string, elsewhere the array itself.
///
/// # Errors
/// [`TriggerError::Identities`] when it is neither, or longer than 16.
pub fn parse_identities(attribute: &Value) -> Result<Vec<Identity>, TriggerError> {
    let identities: Option<Vec<Identity>> = match attribute {
        Value::Null => Some(Vec::new()),
        Value::String(text) if text.is_empty() => Some(Vec::new()),
        Value::String(text) => serde_json::from_str(text).ok(),
        list => Deserialize::deserialize(list).ok(),
    };
    identities.filter(|list| list.len() <= IDENTITIES_MAX).ok_or(TriggerError::Identities)
}

/// What tells one identity from another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known<'a> {
    #[serde(borrow)]
    user_id: Cow<'a, str>,
    #[serde(borrow)]
    provider_name: Cow<'a, str>,
}

/// The subject of the first identity whose provider and subject are `wanted`. `text` is what the attribute says when it is
/// text, as it is in events.
pub(super) fn find(
    text: &str,
    attribute: Option<&RawValue>,
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<Option<String>, TriggerError> {
    let list = match attribute.map(RawValue::get) {
        None | Some("null" | "\"\"") => return Ok(None),
        Some(list) if list.starts_with('[') => list,
        Some(_) => text,
    };
    let identities: Vec<Known<'_>> = serde_json::from_str(list).map_err(|_| TriggerError::Identities)?;
    if identities.len() > IDENTITIES_MAX {
        return Err(TriggerError::Identities);
    }
    let found = identities.into_iter().find(|identity| wanted(&identity.provider_name, &identity.user_id));
    Ok(found.map(|identity| identity.user_id.into_owned()))
}
