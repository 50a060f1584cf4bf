use std::time::Duration;

use axum::http::{HeaderMap, header::COOKIE};
use cookie::{Cookie, SameSite};

/// The value of one cookie of a request.
pub(crate) fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// A `Set-Cookie` value. Without `Secure`, because the sandbox speaks plain HTTP on the loopback interface.
pub(crate) fn set_cookie(name: &str, value: &str, lifetime: Duration) -> String {
    let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(seconds))
        .build()
        .to_string()
}

/// A `Set-Cookie` value that makes the browser forget the cookie.
pub(crate) fn clear_cookie(name: &str) -> String {
    set_cookie(name, "", Duration::ZERO)
}
