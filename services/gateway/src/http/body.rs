use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, header},
};

/// A form could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum FormError {
    /// Larger than the limit, or the connection broke.
    #[error("the body is too large or incomplete")]
    TooLarge,
    /// Another media type, or not UTF-8.
    #[error("the body is not a form")]
    NotAForm,
}

/// The body of a form POST, still encoded, at most `limit_bytes` long.
pub(super) async fn form(headers: &HeaderMap, body: Body, limit_bytes: usize) -> Result<String, FormError> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(FormError::NotAForm);
    }
    let bytes = to_bytes(body, limit_bytes).await.map_err(|_| FormError::TooLarge)?;
    String::from_utf8(bytes.into()).map_err(|_| FormError::NotAForm)
}
