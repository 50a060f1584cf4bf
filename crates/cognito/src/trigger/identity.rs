use serde::Deserialize;
use serde_json::Value;

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
