//! What belongs to a code or a token, sealed under a key derived from it.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    error::Unspecified,
};

use crate::value::Keyed;

/// The bytes could not be sealed: the cryptographic library failed, or they are too many.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the bytes could not be sealed")]
pub struct SealError;

/// The sealed bytes do not open: another value, another purpose, another binding, or changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the sealed bytes do not open with this value, purpose and binding")]
pub struct OpenError;

/// Seals `plain` (AES-256-GCM) under the key that HKDF-SHA256 derives from `value` and `purpose`.
///
/// `binding` is authenticated, for example the client's id: the sealed bytes open only together with it. Seal at most
/// once under one value and purpose: the key is used for one message, which is why the nonce can be constant.
///
/// # Errors
/// [`SealError`] when the cryptographic library fails.
pub fn seal(value: &impl Keyed, purpose: &str, binding: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut sealed = plain.to_vec();
    key(value, purpose)
        .and_then(|key| key.seal_in_place_append_tag(nonce(), Aad::from(binding), &mut sealed))
        .map_err(|_| SealError)?;
    Ok(sealed)
}

/// Opens what [`seal`] sealed under the same value, purpose and binding.
///
/// # Errors
/// [`OpenError`]; which of the four differs cannot be told.
pub fn open(value: &impl Keyed, purpose: &str, binding: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let mut opened = sealed.to_vec();
    let length = key(value, purpose)
        .and_then(|key| key.open_in_place(nonce(), Aad::from(binding), &mut opened).map(|plain| plain.len()))
        .map_err(|_| OpenError)?;
    opened.truncate(length);
    Ok(opened)
}

fn key(value: &impl Keyed, purpose: &str) -> Result<LessSafeKey, Unspecified> {
    let prk = value.prk();
    let info = [purpose.as_bytes()];
    Ok(LessSafeKey::new(UnboundKey::from(prk.expand(&info, &AES_256_GCM)?)))
}

/// All zero: each key seals one message only, so no pair of key and nonce ever repeats.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
