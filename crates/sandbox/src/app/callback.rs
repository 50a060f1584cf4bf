use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use vestibule_kernel::Chain;

use super::{
    page,
    site::{App, BROWSER_COOKIE, SESSION_COOKIE, SESSION_LIFETIME},
    token,
};
use crate::web::{cookie_of, found, pairs, random_token, set_cookie, text_of, with_cookies};

/// `GET /callback`: Cognito has answered.
pub(super) async fn callback(State(app): State<Arc<App>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let fields = pairs(&query.unwrap_or_default());
    let now = app.config.clock.now();
    // The state must be one of ours, unused, and come from the browser that began (RFC 6749 section 10.12).
    let login = text_of(&fields, "state").and_then(|state| app.logins.take(state, now));
    let Some(login) = login.filter(|login| Some(&login.browser) == cookie_of(&headers, BROWSER_COOKIE).as_ref()) else {
        return page::problem("This answer belongs to no sign-in of this browser.", "");
    };
    if let Some(error) = text_of(&fields, "error") {
        return page::problem(error, text_of(&fields, "error_description").unwrap_or_default());
    }
    let Some(code) = text_of(&fields, "code") else {
        return page::problem("Cognito answered without a code.", "");
    };
    match token::redeem(&app, code, &login).await {
        // Cognito's session may have answered for somebody who signed in before, in another organization.
        Ok(person) if person.is_of_another_organization(&login.organization) => page::another_organization(&person),
        Ok(person) => {
            app.last_person.put(login.browser, login.person, now);
            let session = random_token(&*app.config.ids);
            app.sessions.put(session.clone(), Arc::new(person), now);
            with_cookies(found("/"), [set_cookie(SESSION_COOKIE, &session, SESSION_LIFETIME)])
        }
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "demo application: tokens refused");
            page::problem("The tokens are refused.", &Chain(&error).to_string())
        }
    }
}
