use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use crate::StorageError;

/// One sign-in, accepted or refused, as the operator sees it later. Holds no name, address, token or assertion.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordedSignIn {
    /// The reference id that the person was shown.
    pub id: Uuid,
    /// The organization, as far as it was known.
    pub organization: Option<OrganizationId>,
    /// The connection, as far as it was known.
    pub connection: Option<ConnectionId>,
    /// `ACCEPTED`, or the stable reason of the refusal.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// From this moment on it is not found any more.
    pub expires_at: Timestamp,
    /// The five facts and the checks, as JSON; at most [`RecordedSignIn::DOCUMENT_BYTES_MAX`] bytes.
    pub document: Value,
}

impl RecordedSignIn {
    /// The largest document that a store accepts.
    pub const DOCUMENT_BYTES_MAX: usize = 32 * 1024;
}

/// Which sign-ins to list, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SignInTraceFilter {
    /// Only those of this organization.
    pub organization: Option<OrganizationId>,
    /// Only those of this connection.
    pub connection: Option<ConnectionId>,
    /// Only those with this reason.
    pub reason: Option<String>,
    /// Only those before this (time, id): the last one of the page before.
    pub before: Option<(Timestamp, Uuid)>,
}

/// The bounded, expiring trace of sign-ins.
#[async_trait]
pub trait SignInTrace: Send + Sync {
    /// Records a sign-in and drops the oldest of the same (connection, reason) beyond `keep`, so that a flood on one
    /// connection cannot push out another's.
    async fn record(&self, sign_in: &RecordedSignIn, keep: u32) -> Result<(), StorageError>;
    /// One sign-in, unless it has expired at `now`.
    async fn find(&self, id: Uuid, now: Timestamp) -> Result<Option<RecordedSignIn>, StorageError>;
    /// Those that match, newest first, at most `max`.
    async fn list(
        &self,
        filter: &SignInTraceFilter,
        now: Timestamp,
        max: u32,
    ) -> Result<Vec<RecordedSignIn>, StorageError>;
    /// Deletes what has expired at `now`; answers how many.
    async fn sweep(&self, now: Timestamp) -> Result<u64, StorageError>;
}
