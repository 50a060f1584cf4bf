use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value, json};
use vestibule_kernel::IdSource;

use super::overriding::TokenKind;

/// The two keys of a pool: one signs ID tokens, the other access tokens.
pub(super) struct PoolKeys {
    id: PoolKey,
    access: PoolKey,
}

struct PoolKey {
    kid: String,
    pair: rsa::KeyPair,
}

/// The cryptographic library does not make or use a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the cryptographic library does not make or use an RSA key")]
pub struct KeyError;

impl PoolKeys {
    pub(super) fn generate(ids: &(dyn IdSource + 'static)) -> Result<Self, KeyError> {
        Ok(Self { id: PoolKey::generate(ids)?, access: PoolKey::generate(ids)? })
    }

    /// The claims as a JWT, RS256 like every token of Cognito.
    pub(super) fn sign(&self, kind: TokenKind, claims: &Map<String, Value>) -> Result<String, KeyError> {
        let key = match kind {
            TokenKind::Id => &self.id,
            TokenKind::Access => &self.access,
        };
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({ "kid": key.kid, "alg": "RS256" }));
        let signed = format!("{header}.{}", part(&Value::Object(claims.clone())));
        let mut signature = vec![0; key.pair.public_modulus_len()];
        key.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| KeyError)?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The JWK set of the pool.
    pub(super) fn jwks(&self) -> Value {
        json!({ "keys": [self.id.jwk(), self.access.jwk()] })
    }
}

impl PoolKey {
    fn generate(ids: &(dyn IdSource + 'static)) -> Result<Self, KeyError> {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
        // Real key ids are 32 bytes in Base64, with its padding.
        Ok(Self { kid: BASE64_STANDARD.encode(ids.bytes::<32>()), pair })
    }

    fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        json!({
            "alg": "RS256",
            "e": BASE64_URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
            "kid": self.kid,
            "kty": "RSA",
            "n": BASE64_URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "use": "sig",
        })
    }
}
