use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::{Malformed, VerifyError, claim::Claims};

/// The largest token in bytes. Cognito's are 1 to 4 KiB, and web servers refuse headers long before this.
pub const TOKEN_BYTES_MAX: usize = 32 * 1024;

/// The JWS compact serialization of a token (RFC 7515 section 3.1), taken apart and not yet believed.
pub(crate) struct Compact<'a> {
    pub(crate) key_id: String,
    pub(crate) claims: Claims,
    /// What is signed: header, dot and payload as they came.
    pub(crate) signing_input: &'a str,
    pub(crate) signature: Vec<u8>,
}

/// The parameters of the header that matter; a repeated one is refused (RFC 7515 section 4), all others are ignored.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(default, rename = "crit", deserialize_with = "present")]
    has_extensions: bool,
}

/// Something is there; what it is does not matter, not even if it is null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl<'a> Compact<'a> {
    pub(crate) fn parse(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(VerifyError::TooLarge);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Malformed::Form)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Malformed::Form)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Malformed::Header)?;
        let key_id = header.checked()?;
        let claims = Claims::parse(&decode(payload)?)?;
        Ok(Self { key_id, claims, signing_input, signature: decode(signature)? })
    }
}

impl fmt::Debug for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compact").finish_non_exhaustive()
    }
}

impl Header {
    /// The key id of a header that we can deal with.
    fn checked(self) -> Result<String, VerifyError> {
        // Case matters (RFC 7515 section 4.1.1): neither `none`, nor HMAC keyed with a public key, nor a spelling of either.
        if self.alg != "RS256" {
            return Err(VerifyError::AlgorithmUnsupported);
        }
        if self.has_extensions {
            return Err(VerifyError::ExtensionUnsupported);
        }
        // Cognito writes no type; emulators write `JWT`, and RFC 9068 names access tokens `at+jwt`.
        let is_jwt = |typ: &String| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("at+jwt");
        if !self.typ.as_ref().is_none_or(is_jwt) {
            return Err(VerifyError::TypeUnsupported);
        }
        self.kid.filter(|kid| !kid.is_empty()).ok_or(VerifyError::KeyIdMissing)
    }
}

/// Base64url without padding and without stray bits, so that a token has one spelling (RFC 7515 section 2). A dot inside
/// is no letter of it, hence a fourth part is refused here.
fn decode(part: &str) -> Result<Vec<u8>, Malformed> {
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed::Form)?;
    if decoded.is_empty() { Err(Malformed::Form) } else { Ok(decoded) }
}
