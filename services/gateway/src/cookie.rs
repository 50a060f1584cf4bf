//! What every cookie of ours has in common.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

/// Whether other sites' requests bring a cookie along.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SameSite {
    /// With every request: an identity provider's answer is a cross-site POST.
    None,
    /// When the person goes from one site to another, and not otherwise.
    Lax,
}

/// The cookies of a request, name and value.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let headers = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// A `Set-Cookie` value. The name begins with `__Host-`: set by this host alone, over a secure connection, for every path
/// (RFC 6265bis section 4.1.3.2). Browsers count http on a loopback address as secure, so the sandbox uses the same.
pub(crate) fn set(name: &str, value: &str, max_age: Duration, same_site: SameSite) -> Option<HeaderValue> {
    let same_site = match same_site {
        SameSite::None => "None",
        SameSite::Lax => "Lax",
    };
    let seconds = max_age.as_secs();
    // Names and values are ASCII of our own making; there is nothing that a header could refuse.
    let text = format!("{name}={value}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite={same_site}");
    HeaderValue::try_from(text).ok()
}

/// A `Set-Cookie` value that makes the browser forget the cookie.
pub(crate) fn forget(name: &str, same_site: SameSite) -> Option<HeaderValue> {
    set(name, "", Duration::ZERO, same_site)
}
