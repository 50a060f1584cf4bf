//! A minimal OpenID provider, in the place of Vestibule, that remembers what it was asked.

use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use vestibule_sandbox::{bind, serve};

/// What the provider says, and what it was asked.
pub(crate) struct Script {
    /// Claims of the ID token besides `iss`, `aud`, `exp`, which they may override.
    pub(crate) id_token: Value,
    pub(crate) userinfo: Value,
    pub(crate) kid: &'static str,
    pub(crate) token_status: StatusCode,
    pub(crate) token_calls: Vec<(HeaderMap, String)>,
    pub(crate) userinfo_calls: Vec<HeaderMap>,
    pub(crate) jwks_fetches: usize,
}

pub(crate) struct Provider {
    pub(crate) url: String,
    pub(crate) script: Mutex<Script>,
    pub(crate) now: i64,
    key: EcdsaKeyPair,
    pkcs8: Vec<u8>,
}

impl Provider {
    pub(crate) async fn start(now: i64, stop: CancellationToken) -> Arc<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let pkcs8 = key.to_pkcs8v1().unwrap().as_ref().to_vec();
        let (listener, url) = bind(0).await.unwrap();
        let script = Script {
            id_token: json!({ "sub": "P-1", "email": "ada@acme.test", "email_verified": true, "name": "Ada Lovelace" }),
            userinfo: json!({ "sub": "P-1", "given_name": "Ada", "name": "from userinfo" }),
            kid: "k1",
            token_status: StatusCode::OK,
            token_calls: Vec::new(),
            userinfo_calls: Vec::new(),
            jwks_fetches: 0,
        };
        let provider = Arc::new(Self { url, script: Mutex::new(script), now, key, pkcs8 });
        let site = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/jwks", get(jwks))
            .with_state(Arc::clone(&provider));
        tokio::spawn(serve(listener, site, stop));
        provider
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    pub(crate) fn token_calls(&self) -> usize {
        self.script.lock().unwrap().token_calls.len()
    }
}

async fn discovery(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let url = &provider.url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/jwks"),
    }))
}

async fn token(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut script = provider.script.lock().unwrap();
    script.token_calls.push((headers, String::from_utf8(body.to_vec()).unwrap()));
    if script.token_status != StatusCode::OK {
        return script.token_status.into_response();
    }
    let mut claims = json!({ "iss": provider.url, "aud": "cognito-at-provider", "exp": provider.now + 300 });
    claims.as_object_mut().unwrap().extend(script.id_token.as_object().unwrap().clone());
    let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::ES256) };
    let id_token = encode(&header, &claims, &EncodingKey::from_ec_der(&provider.pkcs8)).unwrap();
    Json(json!({ "id_token": id_token, "access_token": "upstream-token", "token_type": "Bearer" })).into_response()
}

async fn userinfo(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Json<Value> {
    let mut script = provider.script.lock().unwrap();
    script.userinfo_calls.push(headers);
    Json(script.userinfo.clone())
}

async fn jwks(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let mut script = provider.script.lock().unwrap();
    script.jwks_fetches += 1;
    let point = provider.key.public_key().as_ref();
    let coordinate = |range| BASE64_URL_SAFE_NO_PAD.encode::<&[u8]>(&point[range]);
    let (x, y) = (coordinate(1..33), coordinate(33..65));
    Json(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": script.kid, "alg": "ES256" }] }))
}
