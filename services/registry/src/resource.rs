use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;
use vestibule_eventlog::{Current, Version};
use vestibule_kernel::Timestamp;

use crate::{error::Error, field::InvalidFields};

/// An aggregate as the API shows it; also the shape of its entry in the directory.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Resource<D> {
    pub(crate) state: D,
    /// The version of its stream: its etag.
    pub(crate) version: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl<D: Decider> From<Current<D>> for Resource<D> {
    fn from(current: Current<D>) -> Self {
        Self {
            state: current.state,
            version: current.version.0,
            created_at: current.first_recorded_at.unwrap_or_default(),
            updated_at: current.last_recorded_at.unwrap_or_default(),
        }
    }
}

impl<D> Resource<D> {
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}

/// Reads the condition of a change: empty for none.
pub(crate) fn etag(field: &'static str, text: &str) -> Result<Option<Version>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(version) if version > 0 && u64::to_string(&version) == text => Ok(Some(Version(version))),
        _ => Err(InvalidFields::one("ETAG_INVALID", field, "not an etag that this service gave out").into()),
    }
}
