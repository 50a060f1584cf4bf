use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};

use super::site::{App, SESSION_COOKIE};
use crate::web::{clear_cookie, cookie_of, found, with_cookies, with_query};

/// `POST /sign-out`: ends the session here, then Cognito's, then, where that leads to Vestibule, the one at the identity
/// provider.
pub(super) async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.forget(&headers);
    let parameters = [("client_id", app.config.client_id.as_str()), ("logout_uri", &app.config.logout_uri)];
    let address = with_query(&format!("{}/logout", app.config.cognito_url), parameters);
    with_cookies(found(&address), [clear_cookie(SESSION_COOKIE)])
}

/// `POST /switch-account`: ends the session here only; the next sign-in carries `prompt=login`, because Cognito's own
/// session would answer for the person before.
pub(super) async fn switch_account(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.forget(&headers);
    with_cookies(app.login_page(&headers, true, None), [clear_cookie(SESSION_COOKIE)])
}

impl App {
    fn forget(&self, headers: &HeaderMap) {
        if let Some(cookie) = cookie_of(headers, SESSION_COOKIE) {
            self.sessions.take(&cookie, self.config.clock.now());
        }
    }
}
