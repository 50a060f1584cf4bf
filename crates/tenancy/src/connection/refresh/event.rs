//! What is told of reading metadata from its address.

use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Schema};
use vestibule_kernel::Timestamp;

/// The document at the address says something else than before, or is there again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MetadataRefreshed {
    /// SHA-256 over what the document says of the identity provider, lower-case hex: not over its bytes, since many a
    /// product stamps each copy anew.
    pub digest: String,
    /// Until when it may be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Until when it need not be read again.
    pub cache_until: Timestamp,
}

impl EventBody for MetadataRefreshed {
    const SCHEMA: Schema = Schema::new("connection.metadata_refreshed", 1, &[]);
}

/// The document cannot be read, or says what it may not; what was known before still counts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MetadataRefreshFailed {
    /// A stable, UPPER_SNAKE_CASE reason.
    pub reason: String,
    /// Since when it cannot be refreshed.
    pub failing_since: Timestamp,
    /// When it was tried the last time.
    pub at: Timestamp,
}

impl EventBody for MetadataRefreshFailed {
    const SCHEMA: Schema = Schema::new("connection.metadata_refresh_failed", 1, &[]);
}
