use std::{collections::BTreeMap, fmt, sync::Arc};

use aws_lc_rs::hmac;
use vestibule_cognito::{PosedChallenge, VerifyAuthChallenge};
use vestibule_kernel::{ExposeSecret as _, IdSource, SecretBytes, constant_time_eq};

use super::{Challenged, Check};

/// What the challenge is called, and the first line of what is signed, so that the key cannot be used for anything else by
/// the same text.
const NAME: &str = "vestibule-signed-nonce-v1";

const NONCE_BYTES: usize = 32;

/// Whoever holds the key vouches for the user, once: a backend of the operator's own that knows the user by a session, a
/// hardware token or a support call.
///
/// The answer is the HMAC-SHA256, in lower-case hexadecimal, over five lines with `\n` between them: the name of the
/// challenge, the pool's id, the app client's id, the username, and the nonce. The nonce is new in each challenge, so an
/// answer is good for that one only and nothing has to be remembered.
pub(super) struct SignedNonce {
    key: hmac::Key,
    ids: Arc<dyn IdSource>,
}

impl SignedNonce {
    pub(super) fn new(key: &SecretBytes, ids: Arc<dyn IdSource>) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret()), ids }
    }

    fn answer(&self, challenged: &Challenged<'_>, nonce: &str) -> String {
        let Challenged { user_pool_id, client_id, user_name } = challenged;
        let text = format!("{NAME}\n{user_pool_id}\n{client_id}\n{user_name}\n{nonce}");
        hex::encode(hmac::sign(&self.key, text.as_bytes()))
    }
}

impl Check for SignedNonce {
    fn pose(&self, _: &Challenged<'_>) -> PosedChallenge {
        let nonce = hex::encode(self.ids.bytes::<NONCE_BYTES>());
        PosedChallenge {
            public: BTreeMap::from([("challenge".to_owned(), NAME.to_owned()), ("nonce".to_owned(), nonce.clone())]),
            private: BTreeMap::from([("nonce".to_owned(), nonce)]),
            metadata: NAME.to_owned(),
        }
    }

    fn is_met(&self, challenged: &Challenged<'_>, challenge: &VerifyAuthChallenge<'_>) -> bool {
        // A line break in one of the parts could make another text of the same lines.
        let parts = [challenged.user_pool_id, challenged.client_id, challenged.user_name];
        let Some(nonce) = challenge.private("nonce").filter(|nonce| nonce.len() == 2 * NONCE_BYTES) else {
            return false;
        };
        let expected = self.answer(challenged, &nonce);
        let is_right = constant_time_eq(expected.as_bytes(), challenge.answer().as_bytes());
        is_right && !parts.iter().any(|part| part.contains('\n'))
    }
}

impl fmt::Debug for SignedNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedNonce(redacted)")
    }
}
