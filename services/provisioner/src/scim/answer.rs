use std::time::Duration;

use reqwest::{
    Response, StatusCode,
    header::{ETAG, RETRY_AFTER},
};
use serde_json::{Map, Value};
use vestibule_kernel::Timestamp;
use vestibule_scim::ScimType;

use super::{ScimError, retry_after::retry_after};
use crate::limit::{ANSWER_BYTES_MAX, ERROR_BYTES_MAX};

/// What an answer that is no success means (RFC 7644 section 3.12), for one resource or for a collection.
pub(super) async fn refusal(response: Response, is_resource: bool, now: Timestamp) -> ScimError {
    let status = response.status();
    let code = status.as_u16();
    let is_busy = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
    match status {
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => ScimError::Unsupported,
        _ if is_busy || status.is_server_error() => ScimError::Busy { status: code, wait: asked_wait(&response, now) },
        StatusCode::NOT_FOUND | StatusCode::GONE if is_resource => ScimError::Gone,
        StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND | StatusCode::GONE => ScimError::Misconfigured(code),
        StatusCode::FORBIDDEN => ScimError::Forbidden,
        StatusCode::CONFLICT => ScimError::Taken,
        StatusCode::PRECONDITION_FAILED => ScimError::Changed,
        _ if status.is_client_error() => ScimError::Refused { status: code, scim_type: scim_type(response).await },
        // A redirect would carry the token elsewhere.
        _ => ScimError::Misconfigured(code),
    }
}

fn asked_wait(response: &Response, now: Timestamp) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    retry_after(value, now)
}

pub(super) fn required(document: Option<Map<String, Value>>) -> Result<Map<String, Value>, ScimError> {
    document.ok_or(ScimError::OffContract("an answer without a body"))
}

/// The body of a success, and the version that its header tells.
pub(super) async fn document(response: Response) -> Result<Option<Map<String, Value>>, ScimError> {
    if response.status() == StatusCode::NO_CONTENT {
        return Ok(None);
    }
    let etag = response.headers().get(ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = body(response, ANSWER_BYTES_MAX).await?;
    if body.is_empty() {
        return Ok(None);
    }
    let mut document: Map<String, Value> =
        serde_json::from_slice(&body).map_err(|_| ScimError::OffContract("a body that is no JSON object"))?;
    if let Some(etag) = etag
        && let Value::Object(meta) = document.entry("meta").or_insert_with(|| Value::Object(Map::new()))
    {
        meta.entry("version").or_insert(Value::from(etag));
    }
    Ok(Some(document))
}

async fn body(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, ScimError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| ScimError::Unreachable(error.without_url()))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(ScimError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn scim_type(response: Response) -> Option<&'static str> {
    let body = body(response, ERROR_BYTES_MAX).await.ok()?;
    let error: Map<String, Value> = serde_json::from_slice(&body).ok()?;
    let said = error.get("scimType")?.as_str()?.to_owned();
    // Any other is not repeated: nobody knows what it says.
    ScimType::ALL.into_iter().map(ScimType::as_str).find(|known| *known == said)
}
