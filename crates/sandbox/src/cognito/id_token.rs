use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Map, Value};
use vestibule_kernel::Timestamp;

use super::OidcProvider;

/// Why an ID token of the provider is refused: the checks that Cognito documents, and no others.
#[derive(Debug, thiserror::Error)]
pub(super) enum IdTokenError {
    #[error("it is not a JWT")]
    Malformed(#[source] jsonwebtoken::errors::Error),
    #[error("it is signed with {0:?}, which is neither RSA nor elliptic curves")]
    Algorithm(Algorithm),
    #[error("its header has no kid")]
    KidMissing,
    #[error("its kid {0:?} is not in the JWK set")]
    KidUnknown(Box<str>),
    #[error("its key cannot be used")]
    Key(#[source] jsonwebtoken::errors::Error),
    #[error("its signature, issuer or audience is wrong")]
    Refused(#[source] jsonwebtoken::errors::Error),
    #[error("it has expired")]
    Expired,
}

/// Checks signature, `iss`, `aud` and `exp`, without any leeway. Not checked: `nonce`, `azp`, `at_hash`, `iat`, `nbf`.
pub(super) fn verify(
    token: &str,
    keys: &JwkSet,
    provider: &OidcProvider,
    now: Timestamp,
) -> Result<Map<String, Value>, IdTokenError> {
    let header = decode_header(token).map_err(IdTokenError::Malformed)?;
    if matches!(header.alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 | Algorithm::EdDSA) {
        return Err(IdTokenError::Algorithm(header.alg));
    }
    let kid = header.kid.ok_or(IdTokenError::KidMissing)?;
    let key = keys.find(&kid).ok_or_else(|| IdTokenError::KidUnknown(kid.into()))?;
    let key = DecodingKey::from_jwk(key).map_err(IdTokenError::Key)?;
    let mut rules = Validation::new(header.alg);
    rules.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    rules.set_issuer(&[&provider.issuer]);
    rules.set_audience(&[&provider.client_id]);
    // The library would look at the operating system's clock; ours is compared below.
    rules.validate_exp = false;
    let claims: Map<String, Value> = decode(token, &key, &rules).map_err(IdTokenError::Refused)?.claims;
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|end| end < now.unix_seconds()) {
        return Err(IdTokenError::Expired);
    }
    Ok(claims)
}
