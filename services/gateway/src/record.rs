//! What is stored between the identity provider's answer and Cognito's requests, sealed under the code and the token.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, ExposeSecret as _, OrganizationId, Timestamp, UserPoolId};
use vestibule_oidc::{
    AccessToken, AuthorizationCode, CODE_LIFETIME, Grant, PersonClaims, USERINFO_LIFETIME, open, seal,
};
use vestibule_storage::{Bucket, ExpiringRecord};

use crate::report::Facts;

/// Records found by the digest of a code.
pub(crate) const CODE: Bucket = Bucket("gateway.code");

/// Records found by the digest of an access token.
pub(crate) const USERINFO: Bucket = Bucket("gateway.userinfo");

const CODE_PURPOSE: &str = "vestibule.code.v1";
const USERINFO_PURPOSE: &str = "vestibule.userinfo.v1";

/// What an authorization code stands for.
///
/// It holds the access token that redeeming will hand out, so that whoever brings the code a second time, and thereby
/// shows that it leaked, makes that token void (RFC 6749 section 4.1.2) without anything more being stored.
#[derive(Deserialize, Serialize)]
pub(crate) struct CodeRecord {
    pub(crate) grant: Grant,
    pub(crate) user_pool: UserPoolId,
    pub(crate) organization: OrganizationId,
    pub(crate) identity: ReleasedIdentity,
    /// The stream of the accepted assertion.
    pub(crate) assertion: String,
    pub(crate) access_token: StoredToken,
    pub(crate) sign_in: Uuid,
    pub(crate) facts: Facts,
    pub(crate) connection: ConnectionId,
    pub(crate) traceparent: Option<String>,
}

/// Who signed in, as far as it is released.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct ReleasedIdentity {
    pub(crate) sub: String,
    pub(crate) person: PersonClaims,
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) acr: Option<String>,
}

/// What an access token stands for.
#[derive(Deserialize, Serialize)]
pub(crate) struct UserinfoRecord {
    pub(crate) sub: String,
    pub(crate) person: PersonClaims,
    pub(crate) traceparent: Option<String>,
}

/// A record could not be sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the record could not be sealed")]
pub(crate) struct Unsealable;

impl CodeRecord {
    /// Sealed under `code`, for its client alone.
    pub(crate) fn seal(&self, code: &AuthorizationCode, now: Timestamp) -> Result<ExpiringRecord, Unsealable> {
        let plain = serde_json::to_vec(self).map_err(|_| Unsealable)?;
        let value = seal(code, CODE_PURPOSE, self.grant.client_id.as_bytes(), &plain).map_err(|_| Unsealable)?;
        // Kept a little longer than the code is good for, so that a late request learns why it is refused.
        let expires_at = now.plus(CODE_LIFETIME * 2);
        Ok(ExpiringRecord { bucket: CODE, key: *code.digest().bytes(), value, expires_at })
    }

    /// `None` for another client's code.
    pub(crate) fn open(record: &ExpiringRecord, code: &AuthorizationCode, client_id: &str) -> Option<Self> {
        let plain = open(code, CODE_PURPOSE, client_id.as_bytes(), &record.value).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

/// An access token inside a sealed record.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct StoredToken(String);

impl StoredToken {
    pub(crate) fn of(token: &AccessToken) -> Self {
        Self(token.text().expose_secret().to_owned())
    }

    pub(crate) fn token(&self) -> Option<AccessToken> {
        AccessToken::parse(&self.0).ok()
    }
}

impl UserinfoRecord {
    /// Sealed under `token`.
    pub(crate) fn seal(&self, token: &AccessToken, now: Timestamp) -> Result<ExpiringRecord, Unsealable> {
        let plain = serde_json::to_vec(self).map_err(|_| Unsealable)?;
        let value = seal(token, USERINFO_PURPOSE, &[], &plain).map_err(|_| Unsealable)?;
        let expires_at = now.plus(USERINFO_LIFETIME);
        Ok(ExpiringRecord { bucket: USERINFO, key: *token.digest().bytes(), value, expires_at })
    }

    pub(crate) fn open(record: &ExpiringRecord, token: &AccessToken) -> Option<Self> {
        let plain = open(token, USERINFO_PURPOSE, &[], &record.value).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}
