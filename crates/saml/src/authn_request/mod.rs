//! Requests to an identity provider to authenticate somebody.

mod relay_state;
mod request_id;

use url::Url;
use vestibule_kernel::Timestamp;

pub use self::{
    relay_state::{RelayState, RelayStateError},
    request_id::{ParseRequestIdError, RequestId},
};
use crate::{
    Credential, MessageKind, OutgoingMessage, ServiceProvider, SigningError,
    name::{ASSERTION, HTTP_POST, PROTOCOL},
    xml::escape,
};

/// A request to authenticate somebody (SAML core section 3.4.1).
#[derive(Clone, Debug)]
pub struct AuthnRequest<'a> {
    /// Its ID; the answer repeats it as InResponseTo.
    pub id: &'a RequestId,
    /// Who asks, and where the answer goes.
    pub service_provider: &'a ServiceProvider,
    /// Where it is sent: the identity provider's SingleSignOnService.
    pub destination: &'a Url,
    /// The present.
    pub issue_instant: Timestamp,
    /// Whether the person must prove themselves again, whatever session they have.
    pub force_authn: bool,
    /// The NameID format to ask for; `None` leaves the choice to the identity provider.
    pub name_id_format: Option<&'a str>,
    /// The authentication contexts of which one must be met exactly, best first (SAML core section 3.3.2.2.1); empty
    /// leaves the choice to the identity provider.
    pub requested_authn_context: &'a [String],
}

impl AuthnRequest<'_> {
    /// The request itself, not signed.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let force_authn = if self.force_authn { " ForceAuthn=\"true\"" } else { "" };
        let format = self.name_id_format.map_or_else(String::new, |format| format!(" Format=\"{}\"", escape(format)));
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{issue_instant}\" Destination=\"{destination}\"{force_authn} \
             ProtocolBinding=\"{HTTP_POST}\" AssertionConsumerServiceURL=\"{acs_url}\">\
             <saml:Issuer>{issuer}</saml:Issuer><samlp:NameIDPolicy{format} AllowCreate=\"true\"/>{context}\
             </samlp:AuthnRequest>",
            id = escape(self.id.as_str()),
            issue_instant = self.issue_instant,
            destination = escape(self.destination.as_str()),
            acs_url = escape(&self.service_provider.acs_url),
            issuer = escape(&self.service_provider.entity_id),
            context = self.context(),
        )
    }

    /// Where to send the browser in the HTTP Redirect binding: see [`OutgoingMessage::redirect_url`].
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn redirect_url(
        &self,
        relay_state: Option<&RelayState>,
        signer: Option<&Credential>,
    ) -> Result<Url, SigningError> {
        self.message(&self.to_xml(), relay_state).redirect_url(signer)
    }

    /// The value of the form field `SAMLRequest` in the HTTP POST binding: see [`OutgoingMessage::post_value`].
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn post_value(&self, signer: Option<&Credential>) -> Result<String, SigningError> {
        self.message(&self.to_xml(), None).post_value(signer)
    }

    fn message<'m>(&'m self, xml: &'m str, relay_state: Option<&'m RelayState>) -> OutgoingMessage<'m> {
        OutgoingMessage { kind: MessageKind::Request, xml, destination: self.destination, relay_state }
    }

    fn context(&self) -> String {
        if self.requested_authn_context.is_empty() {
            return String::new();
        }
        let classes = self
            .requested_authn_context
            .iter()
            .map(|class| format!("<saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef>", escape(class)));
        let classes: String = classes.collect();
        format!("<samlp:RequestedAuthnContext Comparison=\"exact\">{classes}</samlp:RequestedAuthnContext>")
    }
}
