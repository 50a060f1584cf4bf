use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};

use super::{authorize::SESSION_COOKIE, page, pool::Pool};
use crate::web::{clear_cookie, cookie_of, found, pairs, text_of, with_cookies};

/// `GET /logout`: ends the session of the domain. Nobody is signed out at the provider, as with the real one.
pub(super) async fn logout(State(pool): State<Arc<Pool>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let fields = pairs(&query.unwrap_or_default());
    let client = text_of(&fields, "client_id").and_then(|client_id| pool.config.client(client_id));
    let Some(client) = client else {
        return page::problem("The client_id belongs to no app client of this user pool.");
    };
    let Some(address) =
        text_of(&fields, "logout_uri").filter(|uri| client.logout_urls.iter().any(|known| known == uri))
    else {
        return page::problem("The logout_uri is not registered for this app client.");
    };
    if let Some(cookie) = cookie_of(&headers, SESSION_COOKIE) {
        pool.sessions.take(&cookie, pool.clock.now());
    }
    with_cookies(found(address), [clear_cookie(SESSION_COOKIE)])
}
