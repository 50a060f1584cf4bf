//! A user pool's keys, and tokens made with them byte by byte, right and wrong.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestibule_cognito_verifier::{Clients, Requirements, TokenUses, UserPool, Verifier};

pub(crate) const POOL_ID: &str = "eu-west-1_AbCd12345";
pub(crate) const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCd12345";
pub(crate) const UPDATED_ISSUER: &str = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCd12345";
pub(crate) const CLIENT: &str = "3n4b5example";
/// The present of all tests.
pub(crate) const NOW_SECONDS: u64 = 1_795_246_201;

/// Signs as a user pool does.
pub(crate) struct Key {
    pub(crate) id: &'static str,
    pub(crate) pair: RsaKeyPair,
}

/// The pool's key for ID tokens, its key for access tokens, and the key of somebody else.
pub(crate) static KEYS: LazyLock<[Key; 3]> = LazyLock::new(|| {
    ["id", "access", "foreign"].map(|id| Key { id, pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap() })
});

pub(crate) fn now() -> SystemTime {
    after(0)
}

pub(crate) fn after(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW_SECONDS + seconds)
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub(crate) fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let n = encode(public.modulus().big_endian_without_leading_zero());
        let e = encode(public.exponent().big_endian_without_leading_zero());
        json!({ "kty": "RSA", "kid": self.id, "use": "sig", "alg": "RS256", "n": n, "e": e })
    }

    pub(crate) fn signature_of(&self, input: &str, encoding: &'static dyn RsaEncoding) -> String {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
        encode(signature)
    }

    /// Signs a header and a payload, whatever they are.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode(header), encode(payload));
        let signature = self.signature_of(&input, &RSA_PKCS1_SHA256);
        format!("{input}.{signature}")
    }

    /// Signs claims as Cognito does.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(&json!({ "kid": self.id, "alg": "RS256" }).to_string(), &claims.to_string())
    }
}

pub(crate) fn key_set() -> Value {
    json!({ "keys": [KEYS[0].jwk(), KEYS[1].jwk()] })
}

/// The claims of an ID token, with some of them set to something else, or taken away where that is null.
pub(crate) fn id_claims(changes: Value) -> Value {
    let claims = json!({
        "sub": "9b1c6d1e-0000-4000-8000-000000000001", "iss": ISSUER, "aud": CLIENT, "token_use": "id",
        "cognito:username": "vestibule_u42", "cognito:groups": ["admin", "eu-west-1_AbCd12345_Vestibule"],
        "email": "ada@acme.test", "email_verified": true, "org_id": "acme", "auth_time": NOW_SECONDS - 60,
        "iat": NOW_SECONDS - 60, "exp": NOW_SECONDS + 3_600, "jti": "c0b6c9f5-8d3b-4f5e-9d0a-7e6f5d4c3b2a",
    });
    changed(claims, changes)
}

/// The claims of an access token, changed alike.
pub(crate) fn access_claims(changes: Value) -> Value {
    let claims = json!({
        "sub": "9b1c6d1e-0000-4000-8000-000000000001", "iss": ISSUER, "client_id": CLIENT, "token_use": "access",
        "scope": "openid invoices/read", "username": "vestibule_u42", "cognito:groups": ["admin"], "org_id": "acme",
        "version": 2, "auth_time": NOW_SECONDS - 60, "iat": NOW_SECONDS - 60, "exp": NOW_SECONDS + 3_600,
        "jti": "1d5d7c14-27de-43a9-8db8-b5c4d5ff3f4b",
    });
    changed(claims, changes)
}

fn changed(mut claims: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { return claims };
    let map = claims.as_object_mut().unwrap();
    for (name, value) in changes {
        if value.is_null() {
            map.remove(&name);
        } else {
            map.insert(name, value);
        }
    }
    claims
}

pub(crate) fn id_token(changes: Value) -> String {
    KEYS[0].token(&id_claims(changes))
}

pub(crate) fn access_token(changes: Value) -> String {
    KEYS[1].token(&access_claims(changes))
}

/// The usual requirements of an API.
pub(crate) fn access_requirements() -> Requirements {
    Requirements::new(TokenUses::Access, Clients::one_of([CLIENT]))
}

pub(crate) fn pool() -> UserPool {
    UserPool::new(POOL_ID).unwrap()
}

/// Trusts the pool, and has its keys already.
pub(crate) fn verifier() -> Verifier {
    let verifier = Verifier::new();
    verifier.trust(&pool(), &access_requirements());
    verifier.preload(&pool(), key_set().to_string().as_bytes()).unwrap();
    verifier
}
