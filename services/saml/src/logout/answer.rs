//! Which way a message of ours goes, and signing it.

use url::Url;
use vestibule_kernel::{IdSource, Timestamp};
use vestibule_rpc::saml::v1::PostForm;
use vestibule_saml::{
    Credential, LogoutResponse, LogoutStatus, MessageKind, OutgoingMessage, RelayState, RequestId, SigningError,
};
use vestibule_tenancy::connection::Binding;

use crate::connection::ReadyConnection;

/// A message for the browser to carry.
pub(super) enum Carried {
    Redirect(String),
    Form(PostForm),
}

/// Signs a message and makes it what the browser carries.
pub(super) fn carry(
    kind: MessageKind,
    xml: &str,
    (binding, destination): (Binding, &Url),
    relay_state: Option<&RelayState>,
    signer: &Credential,
) -> Result<Carried, SigningError> {
    let message = OutgoingMessage { kind, xml, destination, relay_state };
    match binding {
        Binding::HttpRedirect => Ok(Carried::Redirect(message.redirect_url(Some(signer))?.into())),
        Binding::HttpPost => {
            let value = message.post_value(Some(signer))?;
            let (saml_request, saml_response) = match kind {
                MessageKind::Request => (value, String::new()),
                MessageKind::Response => (String::new(), value),
            };
            let relay_state = relay_state.map_or_else(String::new, |state| state.as_str().to_owned());
            Ok(Carried::Form(PostForm { action: destination.to_string(), saml_request, saml_response, relay_state }))
        }
    }
}

/// The LogoutResponse to a LogoutRequest; `None` when the identity provider takes none.
///
/// It says success whether or not anybody was known by that name: whoever could sign the request might otherwise try
/// names (SAML core section 3.7.3.2 leaves the choice).
pub(super) fn success(
    connection: &ReadyConnection,
    request_id: &str,
    relay_state: Option<&RelayState>,
    signer: &Credential,
    (ids, now): (&(dyn IdSource + 'static), Timestamp),
) -> Result<Option<Carried>, SigningError> {
    let Some(endpoint) = &connection.single_logout else { return Ok(None) };
    let response = LogoutResponse {
        id: &RequestId::random(ids),
        in_response_to: request_id,
        issuer: &connection.service_provider.entity_id,
        destination: &endpoint.responses,
        issue_instant: now,
        status: LogoutStatus::Success,
    };
    let way = (endpoint.binding, &endpoint.responses);
    carry(MessageKind::Response, &response.to_xml(), way, relay_state, signer).map(Some)
}
