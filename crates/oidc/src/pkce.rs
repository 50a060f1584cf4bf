use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use vestibule_kernel::constant_time_eq;

use crate::limit::{CODE_VERIFIER_BYTES_MAX, CODE_VERIFIER_BYTES_MIN};

/// An S256 code challenge (RFC 7636 section 4.2).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

/// The proof key of a request is unusable.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PkceError {
    /// Another method than S256; `plain` protects nothing that a secret does not.
    #[error("code_challenge_method must be S256")]
    Method,
    /// Not the base64url of a SHA-256 digest.
    #[error("code_challenge is not the base64url form of a SHA-256 digest")]
    Challenge,
    /// A method without a challenge.
    #[error("code_challenge_method without code_challenge")]
    MethodAlone,
}

impl CodeChallenge {
    /// Reads the two parameters of an authorize request; neither is required. A missing method means `plain`
    /// (RFC 7636 section 4.3) and is refused like it.
    ///
    /// # Errors
    /// [`PkceError`] names the parameter that is wrong.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, PkceError> {
        match (challenge, method) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(PkceError::MethodAlone),
            (Some(challenge), Some("S256")) => match BASE64_URL_SAFE_NO_PAD.decode(challenge) {
                Ok(digest) if digest.len() == SHA256.output_len() => Ok(Some(Self(challenge.to_owned()))),
                Ok(_) | Err(_) => Err(PkceError::Challenge),
            },
            (Some(_), _) => Err(PkceError::Method),
        }
    }

    /// Whether `verifier` is what the challenge was made from (RFC 7636 sections 4.1 and 4.6).
    #[must_use]
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let length = CODE_VERIFIER_BYTES_MIN..=CODE_VERIFIER_BYTES_MAX;
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let expected = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        length.contains(&verifier.len())
            && verifier.bytes().all(unreserved)
            && constant_time_eq(expected.as_bytes(), self.0.as_bytes())
    }
}
