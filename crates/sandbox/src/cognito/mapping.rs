use serde_json::{Map, Value};

/// Cognito refuses longer attribute values.
const VALUE_CHARS_MAX: usize = 2_048;

/// What a sign-in does to one attribute.
pub(super) type Update = Vec<(String, String)>;

/// A claim cannot be mapped.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum MappingError {
    #[error("attribute {0} is longer than 2048 characters")]
    TooLong(String),
}

/// The attributes that the claims set, by the provider's attribute mapping.
///
/// A claim that is missing changes nothing: what an earlier sign-in wrote stays. An empty claim writes an empty value.
pub(super) fn update(mapping: &[(String, String)], claims: &Map<String, Value>) -> Result<Update, MappingError> {
    let mut update = Vec::new();
    for (attribute, claim) in mapping {
        let Some(value) = claims.get(claim).and_then(text) else { continue };
        if value.chars().count() > VALUE_CHARS_MAX {
            return Err(MappingError::TooLong(attribute.clone()));
        }
        update.push((attribute.clone(), value));
    }
    Ok(update)
}

/// Attributes are strings; several values become one string, `[a,b]`, each form-URL-encoded.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().filter_map(text).map(|value| encode(&value)).collect();
            Some(format!("[{}]", values.join(",")))
        }
        other => Some(other.to_string()),
    }
}

fn encode(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::update;

    #[test]
    fn values_become_strings_and_missing_claims_change_nothing() {
        let mapping =
            [("email_verified", "email_verified"), ("custom:roles", "roles"), ("name", "name"), ("email", "mail")]
                .map(|(attribute, claim)| (attribute.to_owned(), claim.to_owned()));
        let claims = json!({ "email_verified": true, "roles": ["a b", "c*"], "name": "" });
        let update = update(&mapping, claims.as_object().unwrap()).unwrap();
        let expected = [("email_verified", "true"), ("custom:roles", "[a+b,c*]"), ("name", "")];
        assert_eq!(update, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
