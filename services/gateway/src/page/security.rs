use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::FORWARD_SCRIPT;

/// The headers that every answer carries, made once.
#[derive(Clone, Debug)]
pub(crate) struct SecurityHeaders(Vec<(HeaderName, HeaderValue)>);

impl SecurityHeaders {
    /// For a gateway reached over TLS or, on a loopback address, without.
    pub(crate) fn new(is_https: bool) -> Self {
        let mut headers = vec![
            (header::CONTENT_SECURITY_POLICY, content_security_policy(is_https)),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"),
            ),
        ];
        if is_https {
            let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
            headers.push((header::STRICT_TRANSPORT_SECURITY, value));
        }
        Self(headers)
    }
}

/// Nothing loads but our style sheet, nothing runs but the one script that submits a form, nobody frames us.
///
/// `form-action` names schemes and not hosts: our forms lead through redirects to the organization's identity provider,
/// which is not known when the form is shown, and Chromium applies the directive to the whole chain of redirects.
fn content_security_policy(is_https: bool) -> HeaderValue {
    let script = BASE64_STANDARD.encode(digest(&SHA256, FORWARD_SCRIPT.as_bytes()));
    let plain = if is_https { "" } else { " http://localhost:* http://127.0.0.1:*" };
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'sha256-{script}'; form-action 'self' https:{plain}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Adds the security headers, and `no-store` where the answer does not say otherwise.
pub(crate) fn secure(mut response: Response, security: &SecurityHeaders) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in &security.0 {
        headers.insert(name.clone(), value.clone());
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
