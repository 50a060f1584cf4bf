use std::sync::Arc;

use axum::{
    extract::{RawForm, RawQuery, State},
    http::StatusCode,
    response::Response,
};
use vestibule_kernel::{IdSource, constant_time_eq};

use super::{
    authorize::{error_redirect, refuse},
    config::{Guard, NATIVE},
    finish,
    guard::{GuardError, after},
    page::{self, CodePage, LoginPage},
    pool::Pool,
    profile::Profile,
    request::{AppRequest, Session},
};
use crate::web::{page as html, pairs, random_token, text_of, with_query};

/// How often a code may be wrong.
const ATTEMPTS_MAX: u8 = 3;
/// The longest e-mail address (RFC 5321 section 4.5.3.1.3, less the brackets).
const EMAIL_BYTES_MAX: usize = 254;

/// A login that waits for the code from the e-mail.
#[derive(Clone, Debug)]
pub(super) struct NativeLogin {
    email: String,
    code: String,
    attempts: u8,
}

/// `GET /login`: asks for the e-mail address, which `login_hint` fills in.
pub(super) async fn login_page(State(pool): State<Arc<Pool>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    match AppRequest::read(&pool.config, &query) {
        Ok(request) => {
            let hint = request.login_hint.as_deref().filter(|hint| is_address(hint)).unwrap_or_default();
            ask(&pool, &request, &query, hint, None)
        }
        Err(error) => refuse(error),
    }
}

/// `POST /login`: would send the code by e-mail; the sandbox shows it.
pub(super) async fn send_code(
    State(pool): State<Arc<Pool>>,
    RawQuery(query): RawQuery,
    RawForm(form): RawForm,
) -> Response {
    let query = query.unwrap_or_default();
    let request = match AppRequest::read(&pool.config, &query) {
        Ok(request) => request,
        Err(error) => return refuse(error),
    };
    let form = pairs(&String::from_utf8_lossy(&form));
    let email = text_of(&form, "email").unwrap_or_default().trim().to_lowercase();
    if !is_address(&email) {
        return ask(&pool, &request, &query, &email, Some("This is not an e-mail address."));
    }
    let login = NativeLogin { email, code: eight_digits(&*pool.ids), attempts: 0 };
    let handle = random_token(&*pool.ids);
    let answer = code_page(&query, &handle, &login, None);
    pool.native_logins.put(handle, login, pool.clock.now());
    answer
}

/// `POST /login/code`: a right code signs the person in; people of the pool's own login have no `identities`.
pub(super) async fn check_code(
    State(pool): State<Arc<Pool>>,
    RawQuery(query): RawQuery,
    RawForm(form): RawForm,
) -> Response {
    let query = query.unwrap_or_default();
    let request = match AppRequest::read(&pool.config, &query) {
        Ok(request) => request,
        Err(error) => return refuse(error),
    };
    let form = pairs(&String::from_utf8_lossy(&form));
    let handle = text_of(&form, "handle").unwrap_or_default();
    let now = pool.clock.now();
    let tried = pool.native_logins.change(handle, now, |login| {
        login.attempts = login.attempts.saturating_add(1);
        login.clone()
    });
    let Some(login) = tried.filter(|login| login.attempts <= ATTEMPTS_MAX) else {
        return ask(&pool, &request, &query, "", Some("The code has expired. Please ask for a new one."));
    };
    let given = text_of(&form, "code").unwrap_or_default().trim();
    if !constant_time_eq(given.as_bytes(), login.code.as_bytes()) {
        return code_page(&query, handle, &login, Some("This code is wrong."));
    }
    if pool.native_logins.take(handle, now).is_none() {
        return page::problem("The code has been used.");
    }
    let profile = match recognise(&pool, &request, &login.email).await {
        Ok(profile) => profile,
        Err(error) => return error_redirect(&request, "invalid_request", &error.to_string()),
    };
    let session = Session {
        username: profile.username.clone(),
        provider: NATIVE.to_owned(),
        client_id: request.client_id.clone(),
        authenticated_at: now,
    };
    finish::by_sign_in(&pool, &request, session, &profile).await
}

/// Whoever has proven an address for the first time signs up by it.
async fn recognise(pool: &Pool, request: &AppRequest, email: &str) -> Result<Profile, GuardError> {
    let client_id = request.client_id.as_str();
    let known = pool.directory.find_native(email);
    let profile = if let Some(known) = &known {
        pool.about(Guard::PreAuthentication, "PreAuthentication_Authentication", client_id, known).await?;
        known.clone()
    } else {
        let sub = pool.ids.uuid_v4().to_string();
        let attributes = vec![("email".to_owned(), email.to_owned())];
        pool.pre_sign_up("PreSignUp_SignUp", client_id, &sub, &attributes).await?;
        pool.directory.native(email, &sub)
    };
    let (guard, source) = after(known.is_some());
    pool.about(guard, source, client_id, &profile).await?;
    Ok(profile)
}

fn ask(pool: &Pool, request: &AppRequest, query: &str, email: &str, problem: Option<&str>) -> Response {
    // Everything the application asked for stays in the address; only the way in changes.
    let kept: Vec<_> = pairs(query).into_iter().filter(|(name, _)| name != "identity_provider").collect();
    let supported = pool.config.client(&request.client_id).map(|client| client.supported_providers.as_slice());
    let providers: Vec<(String, String)> = supported
        .unwrap_or_default()
        .iter()
        .filter(|name| *name != NATIVE)
        .map(|name| {
            let asked = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let asked = asked.chain([("identity_provider", name.as_str())]);
            (name.clone(), with_query("/oauth2/authorize", asked))
        })
        .collect();
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    html(status, &LoginPage { action: &format!("/login?{query}"), email, providers: &providers, problem })
}

fn code_page(query: &str, handle: &str, login: &NativeLogin, problem: Option<&str>) -> Response {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let action = format!("/login/code?{query}");
    html(status, &CodePage { action: &action, handle, email: &login.email, code: &login.code, problem })
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    text.len() <= EMAIL_BYTES_MAX
        && !text.contains(char::is_whitespace)
        && parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
}

fn eight_digits(ids: &(dyn IdSource + 'static)) -> String {
    // The remainder favours some codes by one part in 10^11.
    format!("{:08}", u64::from_be_bytes(ids.bytes()) % 100_000_000)
}
