use serde::Serialize;
use vestibule_kernel::{ExposeSecret as _, SecretString};

use crate::{AccessToken, limit::USERINFO_LIFETIME};

/// The answer to a token request that is accepted (RFC 6749 section 5.1, OpenID Connect Core 1.0 section 3.1.3.3).
/// Send it with `Cache-Control: no-store`.
#[derive(Debug)]
pub struct TokenResponse {
    access_token: SecretString,
    id_token: SecretString,
    scope: String,
}

#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    id_token: &'a str,
    scope: &'a str,
}

impl TokenResponse {
    /// The answer with these tokens for the granted `scope`.
    #[must_use]
    pub fn new(access_token: &AccessToken, id_token: String, scope: String) -> Self {
        Self { access_token: access_token.text(), id_token: id_token.into(), scope }
    }

    /// The JSON body to answer with. It holds both tokens in the clear.
    #[must_use]
    pub fn body(&self) -> serde_json::Value {
        let body = Body {
            access_token: self.access_token.expose_secret(),
            token_type: "Bearer",
            expires_in: USERINFO_LIFETIME.as_secs(),
            id_token: self.id_token.expose_secret(),
            scope: &self.scope,
        };
        serde_json::to_value(body).unwrap_or_default()
    }
}
