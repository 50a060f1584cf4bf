use std::sync::PoisonError;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use serde_json::{Map, Value};
use vestibule_kernel::ExposeSecret as _;

use super::site::{App, Login, SignedIn};

/// The tokens cannot be had or are not good.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenError {
    #[error("Cognito does not answer")]
    Call(#[source] reqwest::Error),
    #[error("a token cannot be read")]
    Malformed(#[source] jsonwebtoken::errors::Error),
    #[error("a token is not signed with RS256 by a key of the user pool")]
    KeyUnknown,
    #[error("a token's signature, issuer or audience is wrong")]
    Refused(#[source] jsonwebtoken::errors::Error),
    #[error("the claim {0} is not what it must be")]
    Claim(&'static str),
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
    access_token: String,
}

impl SignedIn {
    /// Whether the token names another organization than the one that routing named.
    pub(super) fn is_of_another_organization(&self, expected: &str) -> bool {
        let found = self.id_token.get("org_id").and_then(Value::as_str);
        !expected.is_empty() && found.is_some_and(|found| found != expected)
    }
}

/// Redeems the code and verifies both tokens.
pub(super) async fn redeem(app: &App, code: &str, login: &Login) -> Result<SignedIn, TokenError> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &app.redirect_uri()),
        ("client_id", &app.config.client_id),
        ("client_secret", app.config.client_secret.expose_secret()),
        ("code_verifier", &login.code_verifier),
    ];
    let address = format!("{}/oauth2/token", app.config.cognito_url);
    let answer = app.http.post(address).form(&form).send().await.and_then(reqwest::Response::error_for_status);
    let answer: TokenAnswer = answer.map_err(TokenError::Call)?.json().await.map_err(TokenError::Call)?;
    let id_token = verify(app, &answer.id_token, "id").await?;
    // OpenID Connect Core section 3.1.3.7: the nonce ties the token to this sign-in.
    if id_token.get("nonce").and_then(Value::as_str) != Some(&login.nonce) {
        return Err(TokenError::Claim("nonce"));
    }
    let access_token = verify(app, &answer.access_token, "access").await?;
    Ok(SignedIn { id_token: id_token.into(), access_token: access_token.into() })
}

/// The checks that Amazon asks for: signature by `kid`, `iss`, `token_use`, `aud` or `client_id`, `exp`.
async fn verify(app: &App, token: &str, token_use: &'static str) -> Result<Map<String, Value>, TokenError> {
    let header = decode_header(token).map_err(TokenError::Malformed)?;
    let kid = header.kid.filter(|_| header.alg == Algorithm::RS256).ok_or(TokenError::KeyUnknown)?;
    let key = key(app, &kid).await?;
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_required_spec_claims(&["iss", "exp", "sub"]);
    rules.set_issuer(&[&app.config.issuer]);
    // Access tokens name the client elsewhere, and time comes from our clock: both are checked below.
    rules.validate_aud = false;
    rules.validate_exp = false;
    let claims: Map<String, Value> = decode(token, &key, &rules).map_err(TokenError::Refused)?.claims;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("token_use") != Some(token_use) {
        return Err(TokenError::Claim("token_use"));
    }
    let client_claim = if token_use == "id" { "aud" } else { "client_id" };
    if text(client_claim) != Some(&app.config.client_id) {
        return Err(TokenError::Claim(client_claim));
    }
    let now = app.config.clock.now().unix_seconds();
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|end| end <= now) {
        return Err(TokenError::Claim("exp"));
    }
    Ok(claims)
}

/// A key of the user pool; an unknown one may be new, so the set is fetched again.
async fn key(app: &App, kid: &str) -> Result<DecodingKey, TokenError> {
    let known =
        app.keys.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|keys| keys.find(kid).cloned());
    let jwk = if known.is_some() { known } else { fetch_keys(app).await?.find(kid).cloned() };
    DecodingKey::from_jwk(&jwk.ok_or(TokenError::KeyUnknown)?).map_err(TokenError::Malformed)
}

async fn fetch_keys(app: &App) -> Result<JwkSet, TokenError> {
    let address = format!("{}/.well-known/jwks.json", app.config.issuer);
    let answer = app.http.get(address).send().await.and_then(reqwest::Response::error_for_status);
    let keys: JwkSet = answer.map_err(TokenError::Call)?.json().await.map_err(TokenError::Call)?;
    *app.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
    Ok(keys)
}
