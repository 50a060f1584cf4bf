//! The sign-in on its way: sealed, in the browser, so that an unauthenticated visitor leaves nothing behind with us.

mod cookie;
mod seal;
mod single;

pub(crate) use cookie::{Found, PendingCookies, TooLarge};
pub(crate) use seal::{PENDING_KEY, PendingSeal, Sealable, UnsealError};
pub(crate) use single::{Single, Singles};

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, IdSource, OrganizationId, Timestamp, UserPoolId};
use vestibule_oidc::AuthorizeRequest;

use crate::limit::{PENDING_LIFETIME, RELAY_STATE_BYTES_MAX};

/// Names a pending sign-in: 128 random bits. It travels as `RelayState` and as a hidden form field, and says nothing.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Handle(String);

const HANDLE_BYTES: usize = 16;
const HANDLE_CHARACTERS: usize = 22;
const _: () = assert!(HANDLE_CHARACTERS <= RELAY_STATE_BYTES_MAX);

impl Handle {
    pub(crate) fn new(ids: &dyn IdSource) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(ids.bytes::<HANDLE_BYTES>()))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == HANDLE_CHARACTERS
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        well_formed.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A sign-in between authorize and the identity provider's answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Pending {
    /// The reference id of the sign-in.
    pub(crate) sign_in: Uuid,
    /// What Cognito asked.
    pub(crate) request: AuthorizeRequest,
    /// Which user pool asked.
    pub(crate) user_pool: UserPoolId,
    /// When Cognito asked; Cognito's patience ends [`PENDING_LIFETIME`] later.
    pub(crate) started_at: Timestamp,
    /// The trace that the sign-in belongs to.
    pub(crate) traceparent: Option<String>,
    /// What the sign-in waits for.
    pub(crate) waiting: Waiting,
}

/// What a pending sign-in waits for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Waiting {
    /// The person says which organization is theirs.
    Organization,
    /// The identity provider answers.
    IdentityProvider(Sent),
}

/// The request that was sent to an identity provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Sent {
    pub(crate) organization: OrganizationId,
    pub(crate) connection: ConnectionId,
    /// The ID of our `AuthnRequest`.
    pub(crate) request_id: String,
    /// Why the person was sent there.
    pub(crate) routing_decision: String,
}

impl Sealable for Pending {
    const LABEL: &'static str = "";
}

impl Pending {
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        now >= self.started_at.plus(PENDING_LIFETIME)
    }
}
