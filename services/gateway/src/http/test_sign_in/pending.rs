use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use crate::{
    limit::{PENDING_LIFETIME, PENDING_TESTS_MAX},
    pending::{Sealable, Single, Singles},
};

/// A test sign-in between our AuthnRequest and the identity provider's answer. It knows neither Cognito nor a user pool.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct PendingTest {
    /// The reference id.
    pub(crate) sign_in: Uuid,
    /// What the link holds, for the end of the way and for another attempt.
    pub(crate) ticket: String,
    pub(crate) organization: OrganizationId,
    pub(crate) connection: ConnectionId,
    /// The ID of our AuthnRequest.
    pub(crate) request_id: String,
    /// What of the connection was tried: what comes back counts for that only. Of a test that an older process began
    /// nothing is known, so it counts for nothing.
    #[serde(default)]
    pub(crate) tried: String,
    pub(crate) started_at: Timestamp,
    /// The trace that the test belongs to.
    pub(crate) traceparent: Option<String>,
}

/// The test sign-ins of one browser that are under way.
pub(crate) type PendingTests = Singles<PendingTest>;

impl Sealable for PendingTest {
    const LABEL: &'static str = "test";
}

impl Single for PendingTest {
    const PREFIX: &'static str = "__Host-test.";
    const MAX: usize = PENDING_TESTS_MAX;
}

impl PendingTest {
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        now >= self.started_at.plus(PENDING_LIFETIME)
    }
}
