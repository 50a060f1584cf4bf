use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use vestibule_kernel::{IdSource, Timestamp};
use vestibule_tenancy::user_pool::NewSecret;

/// Bits of a client secret, divided by eight.
const SECRET_BYTES: usize = 32;

/// A fresh client secret: 256 random bits in base64url. It is shown once and kept nowhere.
pub(crate) struct ClientSecret(SecretString);

impl ClientSecret {
    pub(crate) fn random(ids: &(dyn IdSource + 'static)) -> Self {
        Self(SecretString::from(BASE64_URL_SAFE_NO_PAD.encode(ids.bytes::<SECRET_BYTES>())))
    }

    /// What may be remembered of it. The digest is that of the text, which is what the pool presents.
    pub(crate) fn remembered(&self, ids: &(dyn IdSource + 'static), now: Timestamp) -> NewSecret {
        let digest = digest(&SHA256, self.0.expose_secret().as_bytes());
        NewSecret { secret_id: ids.uuid_v7(now).to_string(), digest: hex::encode(digest), now }
    }

    /// The secret itself, for the one answer that shows it.
    pub(crate) fn reveal(self) -> String {
        self.0.expose_secret().to_owned()
    }
}
