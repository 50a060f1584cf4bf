use std::sync::Arc;

use vestibule_kernel::{IdSource, Timestamp};
use vestibule_rpc::{
    resource::organization_name,
    saml::v1::{CreateAuthnRequestResponse, PostForm, create_authn_request_response},
};
use vestibule_saml::{AuthnRequest, Credential, RelayState, RequestId, limit::AUTHN_CONTEXTS_MAX};
use vestibule_tenancy::connection::Binding;

use crate::{connection::ReadyConnection, error::Error};

/// What the caller wants of a request.
pub(crate) struct Wanted {
    pub(crate) relay_state: Option<RelayState>,
    pub(crate) force_authn: bool,
    /// The authentication contexts that the application would like, best first.
    pub(crate) acr_values: Vec<String>,
    /// Who signs it.
    pub(crate) signer: Option<Arc<Credential>>,
    /// Whether nobody will be signed in by the answer.
    pub(crate) is_test: bool,
}

/// Makes a request for a connection through which people may sign in, or which is tested.
pub(crate) fn create(
    connection: &ReadyConnection,
    wanted: &Wanted,
    ids: &(dyn IdSource + 'static),
    now: Timestamp,
) -> Result<CreateAuthnRequestResponse, Error> {
    let (binding, destination) = connection.single_sign_on.as_ref().ok_or(Error::NoEndpoint)?;
    let id = if wanted.is_test { RequestId::random_of_test(ids) } else { RequestId::random(ids) };
    let request = AuthnRequest {
        id: &id,
        service_provider: &connection.service_provider,
        destination,
        issue_instant: now,
        force_authn: wanted.force_authn || connection.settings.force_authn,
        // Asking for a format makes identity providers that are set up for another one refuse.
        name_id_format: connection.settings.name_id_format.as_deref(),
        requested_authn_context: &contexts(&connection.settings.requested_authn_context, &wanted.acr_values),
    };
    let (relay_state, signer) = (wanted.relay_state.as_ref(), wanted.signer.as_deref());
    let binding = match binding {
        Binding::HttpRedirect => {
            create_authn_request_response::Binding::RedirectUrl(request.redirect_url(relay_state, signer)?.into())
        }
        Binding::HttpPost => create_authn_request_response::Binding::PostForm(PostForm {
            action: destination.to_string(),
            saml_request: request.post_value(signer)?,
            relay_state: relay_state.map_or_else(String::new, |state| state.as_str().to_owned()),
            ..PostForm::default()
        }),
    };
    let organization = organization_name(connection.organization);
    Ok(CreateAuthnRequestResponse { request_id: id.to_string(), binding: Some(binding), organization })
}

/// The authentication contexts to ask for. What the connection requires is required whatever an application would like,
/// so the application can only choose among it; a wish that nothing of it meets is left out, as OpenID Connect Core 1.0
/// section 3.1.2.1 allows. An AuthnContextClassRef is a URI: words like `mfa` mean nothing to SAML.
fn contexts(required: &[String], acr_values: &[String]) -> Vec<String> {
    let is_uri = |value: &&String| value.contains(':');
    let wished = acr_values.iter().filter(is_uri);
    let met: Vec<String> = wished.filter(|value| required.is_empty() || required.contains(*value)).cloned().collect();
    let asked = if met.is_empty() { required.to_vec() } else { met };
    asked.into_iter().take(AUTHN_CONTEXTS_MAX).collect()
}
