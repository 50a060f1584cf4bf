use vestibule_kernel::{IdSource, Timestamp};
use vestibule_rpc::{
    resource::organization_name,
    saml::v1::{CreateAuthnRequestResponse, PostForm, create_authn_request_response},
};
use vestibule_saml::{AuthnRequest, RelayState, RequestId};
use vestibule_tenancy::connection::Binding;

use crate::{connection::ReadyConnection, error::Error};

/// What the caller wants of a request.
pub(crate) struct Wanted {
    pub(crate) relay_state: Option<RelayState>,
    pub(crate) force_authn: bool,
}

/// Makes a request for a connection through which people may sign in.
pub(crate) fn create(
    connection: &ReadyConnection,
    wanted: &Wanted,
    ids: &(dyn IdSource + 'static),
    now: Timestamp,
) -> Result<CreateAuthnRequestResponse, Error> {
    let (binding, destination) = connection.single_sign_on.as_ref().ok_or(Error::NoEndpoint)?;
    let id = RequestId::random(ids);
    let request = AuthnRequest {
        id: &id,
        service_provider: &connection.service_provider,
        destination,
        issue_instant: now,
        force_authn: wanted.force_authn,
        // Asking for a format makes identity providers that are set up for another one refuse.
        name_id_format: None,
        requested_authn_context: &[],
    };
    let relay_state = wanted.relay_state.as_ref();
    let binding = match binding {
        Binding::HttpRedirect => {
            create_authn_request_response::Binding::RedirectUrl(request.redirect_url(relay_state, None)?.into())
        }
        Binding::HttpPost => create_authn_request_response::Binding::PostForm(PostForm {
            action: destination.to_string(),
            saml_request: request.post_value(None)?,
            relay_state: relay_state.map_or_else(String::new, |state| state.as_str().to_owned()),
            ..PostForm::default()
        }),
    };
    let organization = organization_name(connection.organization);
    Ok(CreateAuthnRequestResponse { request_id: id.to_string(), binding: Some(binding), organization })
}
