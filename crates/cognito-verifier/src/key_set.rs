use std::collections::HashMap;

use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use crate::key::Rs256Key;

/// The largest key set in bytes; Cognito's, with two keys, has less than 1 KiB.
pub const KEY_SET_BYTES_MAX: usize = 64 * 1024;
/// The largest number of keys in a set.
pub const KEYS_MAX: usize = 64;

/// Something is not a JSON Web Key Set (RFC 7517 section 5).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Larger than [`KEY_SET_BYTES_MAX`].
    #[error("the key set is larger than {KEY_SET_BYTES_MAX} bytes")]
    TooLarge,
    /// More than [`KEYS_MAX`] keys.
    #[error("the key set has more than {KEYS_MAX} keys")]
    TooManyKeys,
    /// Not an object with an array of keys.
    #[error("the document is not a JSON Web Key Set")]
    Malformed(#[source] serde_json::Error),
}

/// The keys that may have signed a token, by key id.
pub(crate) type Keys = HashMap<String, Rs256Key>;

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Reads a key set. Keys that we could not use are left out rather than held against the others (RFC 7517 section 5).
pub(crate) fn parse(document: &[u8]) -> Result<Keys, KeySetError> {
    if document.len() > KEY_SET_BYTES_MAX {
        return Err(KeySetError::TooLarge);
    }
    let set: KeySet = serde_json::from_slice(document).map_err(KeySetError::Malformed)?;
    if set.keys.len() > KEYS_MAX {
        return Err(KeySetError::TooManyKeys);
    }
    let mut keys = Keys::new();
    for (id, key) in set.keys.into_iter().filter_map(usable) {
        keys.entry(id).or_insert(key);
    }
    Ok(keys)
}

fn usable(key: Value) -> Option<(String, Rs256Key)> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let for_rs256 = matches!(jwk.common.key_algorithm, None | Some(KeyAlgorithm::RS256));
    if !(for_signatures && for_rs256 && matches!(jwk.algorithm, AlgorithmParameters::RSA(_))) {
        return None;
    }
    let key = Rs256Key::new(&DecodingKey::from_jwk(&jwk).ok()?)?;
    Some((jwk.common.key_id?, key))
}
