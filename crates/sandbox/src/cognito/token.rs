use std::sync::Arc;

use axum::{
    extract::{RawForm, State},
    http::{HeaderMap, header::AUTHORIZATION},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;
use vestibule_kernel::{ExposeSecret as _, constant_time_eq};

use super::{
    AppClient,
    claim::{self, Issue},
    event::Source,
    grant::{Grant, RefreshGrant},
    overriding::TokenKind,
    pool::Pool,
};
use crate::web::{json, json_error, pairs, random_token, sha256, text_of};

/// A refusal by the token endpoint (RFC 6749 section 5.2).
struct Refusal(&'static str, String);

/// `POST /oauth2/token`.
pub(super) async fn token(State(pool): State<Arc<Pool>>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    let form = pairs(&String::from_utf8_lossy(&form));
    let answer = match text_of(&form, "grant_type") {
        Some("authorization_code") => redeem(&pool, &headers, &form),
        Some("refresh_token") => refresh(&pool, &headers, &form).await,
        Some("client_credentials") => of_client(&pool, &headers, &form).await,
        _ => Err(Refusal("unsupported_grant_type", "there is no such grant".to_owned())),
    };
    answer.unwrap_or_else(|Refusal(error, description)| json_error(error, &description))
}

/// The authorization code grant. What is wrong with the request does not use up the code.
fn redeem(pool: &Pool, headers: &HeaderMap, form: &[(String, String)]) -> Result<Response, Refusal> {
    let client = client(pool, headers, form)?;
    let refused = |why: &str| Refusal("invalid_grant", why.to_owned());
    let now = pool.clock.now();
    let code = text_of(form, "code").ok_or_else(|| refused("no code"))?;
    let grant =
        pool.codes.get(code, now).ok_or_else(|| refused("the code is unknown, used or older than 5 minutes"))?;
    if grant.sign_in.client_id != client.client_id {
        return Err(refused("the code belongs to another client"));
    }
    if text_of(form, "redirect_uri") != Some(&grant.redirect_uri) {
        return Err(refused("the redirect_uri is another one"));
    }
    let proven = text_of(form, "code_verifier").map(sha256);
    if grant.code_challenge.is_some() && proven != grant.code_challenge {
        return Err(refused("the code_verifier does not fit"));
    }
    let Grant { nonce, sign_in, profile, overriding, .. } =
        pool.codes.take(code, now).ok_or_else(|| refused("the code is used"))?;
    let issue = Issue {
        config: &pool.config,
        client,
        profile: &profile,
        overriding: &overriding,
        sign_in: &sign_in,
        nonce: nonce.as_deref(),
        now,
        ids: &*pool.ids,
    };
    let refresh_token = random_token(&*pool.ids);
    let answer = tokens(pool, &issue, Some(&refresh_token))?;
    pool.refresh_tokens.put(refresh_token, RefreshGrant { username: profile.username, sign_in }, now);
    Ok(answer)
}

/// The refresh token grant: the trigger runs again and may say no, so this is where a person can be shut out.
async fn refresh(pool: &Pool, headers: &HeaderMap, form: &[(String, String)]) -> Result<Response, Refusal> {
    let client = client(pool, headers, form)?;
    let refused = |why: &str| Refusal("invalid_grant", why.to_owned());
    let now = pool.clock.now();
    let token = text_of(form, "refresh_token").ok_or_else(|| refused("no refresh_token"))?;
    let grant = pool.refresh_tokens.get(token, now).filter(|grant| grant.sign_in.client_id == client.client_id);
    let RefreshGrant { username, mut sign_in } = grant.ok_or_else(|| refused("the refresh token is not valid"))?;
    let profile = pool.directory.find(&username).ok_or_else(|| refused("the user does not exist"))?;
    let overriding = pool.generate_tokens(Source::RefreshTokens, &sign_in, &profile).await;
    let overriding = overriding.map_err(|error| Refusal("invalid_grant", error.to_string()))?;
    sign_in.event_id = pool.ids.uuid_v4().to_string();
    let issue = Issue {
        config: &pool.config,
        client,
        profile: &profile,
        overriding: &overriding,
        sign_in: &sign_in,
        nonce: None,
        now,
        ids: &*pool.ids,
    };
    tokens(pool, &issue, None)
}

/// The client credentials grant: an access token of the client's own. Only the third version of the trigger runs for it.
async fn of_client(pool: &Pool, headers: &HeaderMap, form: &[(String, String)]) -> Result<Response, Refusal> {
    let client = client(pool, headers, form)?;
    if client.secret.is_none() {
        return Err(Refusal("unauthorized_client", "a client without a secret has no credentials".to_owned()));
    }
    let own = || client.scopes.iter().filter(|scope| scope.contains('/')).cloned();
    let scopes: Vec<String> = match text_of(form, "scope") {
        None => own().collect(),
        Some(asked) => asked.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
    };
    // Those of OpenID Connect and Cognito's own speak of a user.
    if scopes.is_empty() || !scopes.iter().all(|scope| own().any(|own| own == *scope)) {
        return Err(Refusal("invalid_scope", "scopes of resource servers only, and of this client".to_owned()));
    }
    let overriding = pool.generate_client_token(&client.client_id, &scopes).await;
    let overriding = overriding.map_err(|error| Refusal("invalid_request", error.to_string()))?;
    let claims = claim::of_client(&pool.config, client, &scopes, &overriding, pool.clock.now(), &*pool.ids);
    let token = pool.keys.sign(TokenKind::Access, &claims);
    let token = token.map_err(|error| Refusal("server_error", error.to_string()))?;
    Ok(json(&json!({
        "access_token": token,
        "expires_in": client.token_lifetime.as_secs(),
        "token_type": "Bearer",
    })))
}

fn tokens(pool: &Pool, issue: &Issue<'_>, refresh_token: Option<&str>) -> Result<Response, Refusal> {
    let sign = |kind, claims| pool.keys.sign(kind, &claims).map_err(|error| Refusal("server_error", error.to_string()));
    let mut answer = json!({
        "access_token": sign(TokenKind::Access, issue.access_token())?,
        "expires_in": issue.client.token_lifetime.as_secs(),
        "token_type": "Bearer",
    });
    if let Some(answer) = answer.as_object_mut() {
        if issue.sign_in.scopes.iter().any(|scope| scope == "openid") {
            answer.insert("id_token".into(), sign(TokenKind::Id, issue.id_token())?.into());
        }
        if let Some(refresh_token) = refresh_token {
            answer.insert("refresh_token".into(), refresh_token.into());
        }
    }
    Ok(json(&answer))
}

/// The app client, by Basic or by form fields; a public client needs no secret.
fn client<'a>(pool: &'a Pool, headers: &HeaderMap, form: &[(String, String)]) -> Result<&'a AppClient, Refusal> {
    let refused = || Refusal("invalid_client", "client or secret are wrong".to_owned());
    let posted = || {
        (text_of(form, "client_id").unwrap_or_default().to_owned(), text_of(form, "client_secret").map(str::to_owned))
    };
    let (client_id, secret) = basic(headers).map_or_else(posted, |(id, secret)| (id, Some(secret)));
    let client = pool.config.client(&client_id).ok_or_else(refused)?;
    match (&client.secret, secret) {
        (None, _) => Ok(client),
        (Some(known), Some(given)) if constant_time_eq(known.expose_secret().as_bytes(), given.as_bytes()) => {
            Ok(client)
        }
        (Some(_), _) => Err(refused()),
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
