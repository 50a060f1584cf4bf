use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tracing::Instrument as _;
use vestibule_kernel::{Chain, Explain as _};
use vestibule_oidc::{AccessToken, BearerError, UserinfoClaims};
use vestibule_storage::StorageError;

use crate::{
    gateway::Gateway,
    limit::FORM_BODY_BYTES_MAX,
    record::{USERINFO, UserinfoRecord},
    report::{Facts, Report, Responsible, Stage},
    telemetry,
};

use super::body;

/// The request cannot be answered.
#[derive(Debug, thiserror::Error)]
enum UserinfoError {
    #[error(transparent)]
    Bearer(#[from] BearerError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The userinfo endpoint (OpenID Connect Core 1.0 section 5.3), GET and POST: Cognito may be set to either.
pub(super) async fn userinfo(
    State(gateway): State<Gateway>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let found = find(&gateway, &method, &headers, body).await;
    let span = tracing::info_span!("gateway.userinfo", otel.kind = "server");
    match &found {
        Ok(record) => telemetry::continue_sign_in(&span, record.traceparent.as_deref()),
        Err(_) => telemetry::continue_request(&span, &headers),
    }
    async {
        match found {
            Ok(record) => Json(UserinfoClaims { sub: record.sub, person: record.person }).into_response(),
            Err(error) => refused(&gateway, &error).await,
        }
    }
    .instrument(span)
    .await
}

async fn find(
    gateway: &Gateway,
    method: &Method,
    headers: &HeaderMap,
    body: Body,
) -> Result<UserinfoRecord, UserinfoError> {
    let authorization = match headers.get(header::AUTHORIZATION).map(HeaderValue::to_str) {
        Some(Ok(header)) => Some(header),
        Some(Err(_)) => return Err(BearerError::Invalid.into()),
        None => None,
    };
    // A POST may carry no form at all when its token is in the header.
    let form = match (method == Method::POST, body::form(headers, body, FORM_BODY_BYTES_MAX).await) {
        (true, Ok(form)) => Some(form),
        (true, Err(body::FormError::TooLarge)) => return Err(BearerError::Ambiguous.into()),
        (true, Err(body::FormError::NotAForm)) | (false, _) => None,
    };
    let token = AccessToken::from_request(authorization, form.as_deref())?;
    let record = gateway.expiring.get(USERINFO, token.digest().bytes(), gateway.now()).await?;
    let record = record.and_then(|record| UserinfoRecord::open(&record, &token));
    Ok(record.ok_or(BearerError::Invalid)?)
}

async fn refused(gateway: &Gateway, error: &UserinfoError) -> Response {
    let (reason, responsible) = match error {
        UserinfoError::Bearer(error) => (error.explain().reason, Responsible::Cognito),
        UserinfoError::Storage(error) => {
            tracing::error!(error = %Chain(error), "userinfo cannot be read");
            (error.explain().reason, Responsible::Operator)
        }
    };
    let report = Report {
        sign_in: gateway.new_sign_in(),
        organization: None,
        connection: None,
        stage: Stage::Userinfo,
        reason: reason.to_owned(),
        responsible: Some(responsible),
        facts: Facts { answer: "an error".to_owned(), ..Facts::default() },
    };
    gateway.recorder.refused(report).await;
    match error {
        UserinfoError::Bearer(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            (status, [(header::WWW_AUTHENTICATE, error.challenge())]).into_response()
        }
        UserinfoError::Storage(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": "temporarily_unavailable" }))).into_response()
        }
    }
}
