//! A user pool: its key set over HTTP, and tokens as Cognito writes them.

use std::{path::Path, time::Duration};

use aws_lc_rs::{
    encoding::AsDer as _,
    rsa::KeySize,
    signature::{KeyPair as _, RsaKeyPair},
};
use axum::{Json, Router, routing::get};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use vestibule_kernel::{Clock as _, SystemClock};
use vestibule_lambda_simulator::Lambda;

pub(crate) const POOL: &str = "eu-west-1_AbCd12345";
pub(crate) const CLIENT: &str = "3n4b5example";

/// A user pool that tokens can be had of.
pub(crate) struct Issuer {
    pub(crate) url: String,
    key: EncodingKey,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let key_set = json!({ "keys": [{
            "kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256",
            "n": encode(public.modulus().big_endian_without_leading_zero()),
            "e": encode(public.exponent().big_endian_without_leading_zero()),
        }] });
        let routes = Router::new().route("/pool/.well-known/jwks.json", get(async move || Json(key_set)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/pool", listener.local_addr().unwrap().port());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
        Self { url, key: rsa_key(der.as_ref()) }
    }

    /// The same keys at an address where nobody answers.
    pub(crate) fn elsewhere(&self, url: &str) -> Self {
        Self { url: url.to_owned(), key: self.key.clone() }
    }

    /// An access token of Acme, changed as told; null takes a claim away.
    pub(crate) fn access_token(&self, changes: Value) -> String {
        let now = SystemClock.now().unix_seconds();
        let mut claims = json!({
            "sub": "9b1c6d1e-0000-4000-8000-000000000001", "iss": self.url, "client_id": CLIENT, "token_use": "access",
            "scope": "openid invoices/read", "username": "vestibule_u42", "org_id": "acme", "version": 2,
            "iat": now - 60, "exp": now + 3_600,
        });
        let (Value::Object(changes), Some(map)) = (changes, claims.as_object_mut()) else { panic!("objects") };
        for (name, value) in changes {
            if value.is_null() {
                map.remove(&name);
            } else {
                map.insert(name, value);
            }
        }
        let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap()
    }

    /// A moment before the present.
    pub(crate) fn past(seconds: u64) -> i64 {
        SystemClock.now().minus(Duration::from_secs(seconds)).unix_seconds()
    }

    /// The authorizer that trusts this pool, with these settings besides.
    pub(crate) async fn authorizer(&self, settings: &[(&str, &str)]) -> Lambda {
        let issuers = format!("{POOL}={}", self.url);
        let mut all = vec![
            ("VESTIBULE_USER_POOLS", POOL),
            ("VESTIBULE_APP_CLIENTS", CLIENT),
            ("VESTIBULE_METHODS", "GET=invoices/read;POST=invoices/write;OPTIONS="),
            ("VESTIBULE_EMULATED_ISSUERS", issuers.as_str()),
        ];
        all.extend(settings);
        Lambda::start(Path::new(crate::PROGRAM), &all).await
    }
}

/// jsonwebtoken takes the PKCS#1 key inside of PKCS#8.
fn rsa_key(pkcs8: &[u8]) -> EncodingKey {
    let body = base64::prelude::BASE64_STANDARD.encode(pkcs8);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
}
