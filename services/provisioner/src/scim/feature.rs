use serde_json::{Map, Value};

/// What the service can do (RFC 7643 section 5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Features {
    /// Changes of single attributes; without it resources are replaced.
    pub(super) has_patch: bool,
    /// Filters; without them everything is read.
    pub(super) has_filter: bool,
    /// Versions of resources.
    pub(super) has_etag: bool,
}

impl Features {
    /// A service that does not say what it can: PATCH is optional and PUT is not (RFC 7644 section 3.5); a filter that is not
    /// understood is refused, and a version is used where there is one.
    pub(super) const UNSAID: Self = Self { has_patch: false, has_filter: true, has_etag: true };

    pub(super) fn read(config: &Map<String, Value>) -> Self {
        let supported =
            |name: &str| config.get(name).and_then(|part| part.get("supported")) == Some(&Value::Bool(true));
        Self { has_patch: supported("patch"), has_filter: supported("filter"), has_etag: supported("etag") }
    }
}
