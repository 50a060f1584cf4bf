use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use tracing::Instrument as _;
use vestibule_kernel::{Chain, ConnectionId};
use vestibule_rpc::saml::v1::GetServiceProviderMetadataRequest;

use crate::{
    gateway::Gateway,
    peer::{self, PeerError},
    telemetry,
};

/// Our metadata for a connection (SAML Metadata section 2.4.4), for the identity provider's administrator.
pub(super) async fn metadata(
    State(gateway): State<Gateway>,
    Path(connection): Path<String>,
    headers: HeaderMap,
) -> Response {
    let span = tracing::info_span!("gateway.service_provider_metadata", otel.kind = "server");
    telemetry::continue_request(&span, &headers);
    answer(&gateway, &connection).instrument(span).await
}

async fn answer(gateway: &Gateway, connection: &str) -> Response {
    let known = connection.parse::<ConnectionId>().ok();
    let known = known.filter(|id| gateway.directory.read(|directory| directory.organization_of(*id)).is_some());
    let Some(connection) = known else { return StatusCode::NOT_FOUND.into_response() };
    let request = GetServiceProviderMetadataRequest { connection: connection.to_string() };
    match peer::call(gateway.saml().get_service_provider_metadata(request)).await {
        Ok(answer) => {
            let content_type = [(header::CONTENT_TYPE, "application/samlmetadata+xml")];
            (content_type, answer.metadata_xml).into_response()
        }
        Err(PeerError::Refused { .. }) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(error = %Chain(&error), "the metadata of a connection cannot be had");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
