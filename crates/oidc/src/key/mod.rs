//! Signing keys and their public halves.

mod jwk;
mod signing;

pub use jwk::{Jwk, JwkSet};
pub use signing::{KeyError, SignError, SigningKey};

use serde::{Deserialize, Serialize};

/// How an ID token is signed (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a 2048-bit key. The default: every relying party knows it.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256. Some fifteen times cheaper to sign.
    #[serde(rename = "ES256")]
    Es256,
}

impl Algorithm {
    /// The name in the `alg` header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of this name, if it is one of ours.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256].into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}
