use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Serialize;

use crate::limit::PUBLIC_MAX_AGE;

/// A document that is made once and served from memory, with a validator (RFC 9110 section 8.8.3).
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    body: Bytes,
    etag: HeaderValue,
}

impl Entity {
    pub(crate) fn new(body: Bytes) -> Self {
        let digest = hex::encode(digest(&SHA256, &body));
        let etag = HeaderValue::try_from(format!("\"{digest}\""));
        Self { body, etag: etag.unwrap_or(HeaderValue::from_static("\"\"")) }
    }

    pub(crate) fn json(document: &impl Serialize) -> Self {
        // Documents of strings and lists; there is nothing in them that JSON could refuse.
        Self::new(serde_json::to_vec(document).unwrap_or_default().into())
    }

    /// The document, or 304 when the client has it already.
    pub(crate) fn respond(&self, request: &HeaderMap, content_type: &'static str) -> Response {
        let cache = format!("public, max-age={}", PUBLIC_MAX_AGE.as_secs());
        let headers = [
            (header::ETAG, self.etag.clone()),
            (header::CACHE_CONTROL, HeaderValue::try_from(cache).unwrap_or(HeaderValue::from_static("no-cache"))),
        ];
        let known = request.get(header::IF_NONE_MATCH).is_some_and(|etag| *etag == self.etag);
        if known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, [(header::CONTENT_TYPE, content_type)], self.body.clone()).into_response()
    }
}
