use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use crate::{
    limit::{PENDING_LIFETIME, PENDING_LOGOUTS_MAX},
    pending::{Sealable, Single, Singles},
};

/// A sign-out between our LogoutRequest and the identity provider's answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct PendingLogout {
    /// The reference id.
    pub(crate) sign_out: Uuid,
    pub(crate) organization: OrganizationId,
    pub(crate) connection: ConnectionId,
    /// The ID of our LogoutRequest.
    pub(crate) request_id: String,
    /// Where the person goes then, `state` included; `None`: nowhere.
    pub(crate) way_on: Option<String>,
    pub(crate) started_at: Timestamp,
    /// The trace that the sign-out belongs to.
    pub(crate) traceparent: Option<String>,
}

/// The sign-outs of one browser that are under way.
pub(crate) type PendingLogouts = Singles<PendingLogout>;

impl Sealable for PendingLogout {
    const LABEL: &'static str = "logout";
}

impl Single for PendingLogout {
    const PREFIX: &'static str = "__Host-signout.";
    const MAX: usize = PENDING_LOGOUTS_MAX;
}

impl PendingLogout {
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        now >= self.started_at.plus(PENDING_LIFETIME)
    }
}
