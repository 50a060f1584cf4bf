//! What is read of every resource (RFC 7643 section 3.1).

use serde_json::{Map, Value};

use super::ScimError;
use crate::limit::ID_BYTES_MAX;

/// The text of an attribute; none where it is absent, blank, or something else.
pub(super) fn text(resource: &Map<String, Value>, name: &str) -> Option<String> {
    resource.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The service's own name of the resource, which becomes part of an address and of a filter. `.` and `..` would change the
/// address, and `bulkId` is reserved.
pub(super) fn id(resource: &Map<String, Value>) -> Result<String, ScimError> {
    text(resource, "id").filter(|id| is_id(id)).ok_or(ScimError::OffContract("a resource without an id"))
}

pub(super) fn is_id(id: &str) -> bool {
    let is_plain = !id.chars().any(char::is_control) && !matches!(id, "." | ".." | "bulkId");
    (1..=ID_BYTES_MAX).contains(&id.len()) && is_plain
}

/// The version, which goes into a header (RFC 7644 section 3.14).
pub(super) fn version(resource: &Map<String, Value>) -> Result<Option<String>, ScimError> {
    let Some(version) = resource.get("meta").and_then(|meta| meta.get("version")).and_then(Value::as_str) else {
        return Ok(None);
    };
    let is_fit = version.len() <= ID_BYTES_MAX && version.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_fit { Ok(Some(version.to_owned())) } else { Err(ScimError::OffContract("a version that is none")) }
}

/// A string of a filter is one of JSON (RFC 7644 section 3.4.2.2).
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_cannot_lead_elsewhere() {
        for id in ["", ".", "..", "bulkId", "a\nb", &"x".repeat(ID_BYTES_MAX + 1)] {
            let resource = json!({ "id": id });
            assert!(super::id(resource.as_object().unwrap()).is_err(), "{id:?}");
        }
        for odd in [json!({}), json!({ "id": 7 }), json!({ "id": null })] {
            assert!(super::id(odd.as_object().unwrap()).is_err(), "{odd}");
        }
        // What has a meaning in addresses and filters is allowed, and escaped there.
        let resource = json!({ "id": "../Groups/1?x#\"" });
        assert_eq!(super::id(resource.as_object().unwrap()).unwrap(), "../Groups/1?x#\"");
        assert_eq!(quoted("a\" or active eq \"true"), r#""a\" or active eq \"true""#);
    }

    #[test]
    fn a_version_cannot_bring_another_header() {
        let version = |value: &str| super::version(json!({ "meta": { "version": value } }).as_object().unwrap());
        assert_eq!(version("W/\"1\"").unwrap().as_deref(), Some("W/\"1\""));
        assert!(version("1\r\nX-Other: 2").is_err());
        assert_eq!(super::version(json!({}).as_object().unwrap()).unwrap(), None);
    }
}
