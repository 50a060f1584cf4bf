//! Our LogoutRequests.

use std::time::Duration;

use vestibule_kernel::{IdSource, Timestamp};
use vestibule_rpc::{
    resource::organization_name,
    saml::v1::{CreateLogoutRequestResponse, create_logout_request_response::Binding},
};
use vestibule_saml::{Credential, LogoutRequest, MessageKind, RelayState, RequestId};

use super::{
    Session,
    answer::{Carried, carry},
};
use crate::{connection::ReadyConnection, error::Error};

/// How long the identity provider may take to hear a request.
const REQUEST_LIFETIME: Duration = Duration::from_mins(5);

/// Makes the request that ends this session; none, when the identity provider takes no logout messages.
pub(crate) fn create(
    connection: &ReadyConnection,
    session: &Session,
    relay_state: Option<&RelayState>,
    signer: &Credential,
    (ids, now): (&(dyn IdSource + 'static), Timestamp),
) -> Result<CreateLogoutRequestResponse, Error> {
    let organization = organization_name(connection.organization);
    let Some(endpoint) = &connection.single_logout else {
        return Ok(CreateLogoutRequestResponse { organization, ..CreateLogoutRequestResponse::default() });
    };
    let id = RequestId::random(ids);
    let request = LogoutRequest {
        id: &id,
        issuer: &connection.service_provider.entity_id,
        destination: &endpoint.requests,
        issue_instant: now,
        not_on_or_after: now.plus(REQUEST_LIFETIME),
        subject: &session.name_id(),
        session_index: session.index.as_deref(),
    };
    let way = (endpoint.binding, &endpoint.requests);
    let binding = match carry(MessageKind::Request, &request.to_xml(), way, relay_state, signer)? {
        Carried::Redirect(url) => Binding::RedirectUrl(url),
        Carried::Form(form) => Binding::PostForm(form),
    };
    Ok(CreateLogoutRequestResponse { request_id: id.to_string(), binding: Some(binding), organization })
}
