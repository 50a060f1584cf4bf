//! The session of a sign-in, sealed for the person's browser.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, Explain, Explanation, Kind, Timestamp, UserPoolId};
use vestibule_saml::NameId;
use vestibule_storage::{KeyError, KeyId, KeyStore};

use super::SESSION_LIFETIME;

/// The key that seals sessions, the same on all instances.
pub(crate) const SESSION_KEY: &str = "saml.session";

/// How old it becomes before the next one is made.
const KEY_AGE_MAX: Duration = SESSION_LIFETIME;

/// How many generations are kept: the one that seals, the one before, whose sessions last as long as it did, and one more
/// for a rotation that came early.
pub(crate) const SESSION_KEYS_KEPT: usize = 3;

/// Keeps these values apart from others under the same key.
const LABEL: &[u8] = b"identity.session";

/// The longest sealed session: it has to fit into one cookie, with room for what stands beside it.
const SEALED_CHARS_MAX: usize = 3_600;

/// What a LogoutRequest has to name.
#[derive(Deserialize, Serialize)]
pub(crate) struct Session {
    pub(crate) connection: ConnectionId,
    pub(crate) user_pool: UserPoolId,
    pub(crate) signed_in_at: Timestamp,
    name: Name,
    /// What the identity provider calls it.
    pub(crate) index: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Name {
    value: String,
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    qualifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service_provider_qualifier: Option<String>,
}

/// A session cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// Sealed under a key that is gone, changed, too old, another connection's or another pool's: which, is not told.
    #[error("the session cannot be read")]
    Unreadable,
    /// The keys cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Seals sessions.
pub(crate) struct SessionSeal(pub(crate) KeyStore);

impl Session {
    pub(crate) fn new(
        connection: ConnectionId,
        user_pool: UserPoolId,
        assertion: &vestibule_saml::Assertion,
        now: Timestamp,
    ) -> Self {
        let NameId { value, format, name_qualifier, sp_name_qualifier } = assertion.subject.clone();
        let name = Name { value, format, qualifier: name_qualifier, service_provider_qualifier: sp_name_qualifier };
        Self { connection, user_pool, signed_in_at: now, name, index: assertion.session_index.clone() }
    }

    pub(crate) fn name_id(&self) -> NameId {
        let Name { value, format, qualifier, service_provider_qualifier } = &self.name;
        NameId {
            value: value.clone(),
            format: format.clone(),
            name_qualifier: qualifier.clone(),
            sp_name_qualifier: service_provider_qualifier.clone(),
        }
    }
}

impl SessionSeal {
    /// The sealed session, as text for a cookie; `None` when the name is too long for one.
    pub(crate) async fn seal(&self, session: &Session, now: Timestamp) -> Result<Option<String>, SessionError> {
        let mut key = self.0.current(SESSION_KEY, "").await?;
        if now.since(key.created_at) > KEY_AGE_MAX {
            key = self.0.rotate(SESSION_KEY, "", &key).await?;
        }
        let plain = serde_json::to_vec(session).map_err(|_| SessionError::Unreadable)?;
        let mut sealed = key.id.0.as_bytes().to_vec();
        sealed.extend(key.seal(LABEL, &plain)?);
        let text = BASE64_URL_SAFE_NO_PAD.encode(sealed);
        Ok(Some(text).filter(|text| text.len() <= SEALED_CHARS_MAX))
    }

    /// The session, when it is one of this connection and pool and not too old.
    pub(crate) async fn open(
        &self,
        sealed: &str,
        (connection, user_pool): (ConnectionId, UserPoolId),
        now: Timestamp,
    ) -> Result<Session, SessionError> {
        let bytes = Some(sealed).filter(|sealed| sealed.len() <= SEALED_CHARS_MAX);
        let bytes = bytes.and_then(|sealed| BASE64_URL_SAFE_NO_PAD.decode(sealed).ok());
        let bytes = bytes.ok_or(SessionError::Unreadable)?;
        let (id, ciphertext) = bytes.split_at_checked(16).ok_or(SessionError::Unreadable)?;
        let id = KeyId(Uuid::from_slice(id).map_err(|_| SessionError::Unreadable)?);
        let key = self.0.find(SESSION_KEY, "", id).await?.ok_or(SessionError::Unreadable)?;
        let plain = key.open(LABEL, ciphertext).map_err(|_| SessionError::Unreadable)?;
        let session: Session = serde_json::from_slice(&plain).map_err(|_| SessionError::Unreadable)?;
        let meant = session.connection == connection && session.user_pool == user_pool;
        let lasts = now < session.signed_in_at.plus(SESSION_LIFETIME);
        if meant && lasts { Ok(session) } else { Err(SessionError::Unreadable) }
    }
}

impl Explain for SessionError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unreadable => Explanation::new(Kind::Invalid, "SESSION_UNREADABLE"),
            Self::Key(error) => error.explain(),
        }
    }
}
