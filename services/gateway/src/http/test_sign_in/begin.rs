use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::Response,
};
use serde::Deserialize;
use tracing::Instrument as _;
use uuid::Uuid;
use vestibule_rpc::{
    resource,
    saml::v1::{CreateTestAuthnRequestRequest, create_test_authn_request_response::Binding},
};

use super::{
    error::TestError,
    pending::{PendingTest, PendingTests},
};
use crate::{
    gateway::Gateway,
    limit::TEST_LINK_BYTES_MAX,
    page,
    peer::{self, PeerError},
    pending::{Handle, UnsealError},
    refusal::{Known, refuse},
    report::Stage,
    route::{redirect, with_cookies},
    telemetry,
};

#[derive(Deserialize)]
struct Link {
    ticket: String,
}

/// Where the link of a test sign-in leads: on to the identity provider. Nothing is written, so a link that a mail program looks
/// at is as good as before.
pub(in crate::http) async fn begin(
    State(gateway): State<Gateway>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let span = tracing::info_span!("gateway.test_sign_in", otel.kind = "server");
    telemetry::continue_request(&span, &headers);
    async {
        let sign_in = gateway.new_sign_in();
        match send(&gateway, sign_in, query.as_deref().unwrap_or_default(), &headers).await {
            Ok(response) => response,
            Err(error) => refuse(&gateway, sign_in, Stage::Test, &error, Known::default()).await,
        }
    }
    .instrument(span)
    .await
}

async fn send(gateway: &Gateway, sign_in: Uuid, query: &str, headers: &HeaderMap) -> Result<Response, TestError> {
    let link = Some(query).filter(|query| query.len() <= TEST_LINK_BYTES_MAX);
    let Link { ticket } = link.and_then(|query| serde_html_form::from_str(query).ok()).ok_or(TestError::Link)?;
    let handle = Handle::new(gateway.ids());
    let request = CreateTestAuthnRequestRequest { ticket: ticket.clone(), relay_state: handle.to_string() };
    let answer = peer::call(gateway.saml().create_test_authn_request(request)).await?;
    let (organization, connection) = resource::connection("connection", &answer.connection).map_err(PeerError::from)?;
    let pending = PendingTest {
        sign_in,
        ticket,
        organization,
        connection,
        request_id: answer.request_id,
        tried: answer.tried,
        started_at: gateway.now(),
        traceparent: telemetry::traceparent(),
    };
    let response = match answer.binding {
        Some(Binding::RedirectUrl(url)) => redirect(StatusCode::FOUND, &url),
        Some(Binding::PostForm(form)) => page::forward(&form),
        None => return Err(PeerError::OffContract(None).into()),
    };
    Ok(with_cookies(response, remember(gateway, headers, &handle, &pending).await?))
}

async fn remember(
    gateway: &Gateway,
    headers: &HeaderMap,
    handle: &Handle,
    pending: &PendingTest,
) -> Result<Vec<HeaderValue>, TestError> {
    let sealed = gateway.seal.seal(handle, pending).await?;
    let set = PendingTests::read(headers).put(handle, pending.started_at, &sealed).ok_or(UnsealError::Foreign)?;
    Ok(set)
}
