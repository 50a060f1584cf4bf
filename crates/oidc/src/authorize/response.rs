use url::form_urlencoded;
use vestibule_kernel::ExposeSecret as _;

use super::{AuthorizeErrorCode, State};
use crate::{AuthorizationCode, RedirectUri};

/// Where the browser goes after a sign-in that succeeded (RFC 6749 section 4.1.2).
#[must_use]
pub fn success_location(redirect_uri: &RedirectUri, state: Option<&State>, code: &AuthorizationCode) -> String {
    location(redirect_uri, state, &[("code", code.text().expose_secret())])
}

/// Where the browser goes after one that did not (RFC 6749 section 4.1.2.1).
#[must_use]
pub fn failure_location(
    redirect_uri: &RedirectUri,
    state: Option<&State>,
    code: AuthorizeErrorCode,
    description: &str,
) -> String {
    location(redirect_uri, state, &[("error", code.as_str()), ("error_description", description)])
}

/// The redirect URI may have a query of its own, which is retained (RFC 6749 section 3.1.2).
fn location(redirect_uri: &RedirectUri, state: Option<&State>, parameters: &[(&str, &str)]) -> String {
    let base = redirect_uri.as_str();
    let separator = match base.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let parameters = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let mut location = format!("{base}{separator}{parameters}");
    if let Some(state) = state {
        location.push_str("&state=");
        location.push_str(state.encoded());
    }
    location
}
